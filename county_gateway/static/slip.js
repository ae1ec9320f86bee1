// Sends what stands after the # to this county and shows what it says. Nothing else is sent or kept.
"use strict";

const STATES = {
  genuine: ["good", "真实：与县里的记录一致", "Genuine: the county holds this record"],
  on_its_way: ["wait", "签名真实；记录尚未送达", "Signed by a joined device; its record has not arrived yet"],
  contradicts: ["bad", "与县里的记录不一致", "Contradicts the county's record"],
  revoked: ["bad", "设备密钥已吊销，县里没有此记录", "Signed with a revoked key; the county does not hold this record"],
  forged: ["bad", "伪造：签名不符", "Forged: the signature does not fit"],
  unknown_device: ["bad", "未知设备", "Unknown device"],
  not_a_slip: ["bad", "不是小票", "Not a slip"],
  failed: ["wait", "暂时无法核验，请稍后再试", "Cannot check now; please try again later"],
};

const VERDICTS = {
  conforms: "符合 conforms",
  does_not_conform: "不符合(建议送检) does not conform",
  undecided: "需复核 undecided",
  cannot_judge: "无法判定 cannot judge",
};

const CLOCKS = { unsynchronised: "(时间未校对 clock not set)" };

function show(state, slip) {
  const [look, chinese, english] = STATES[state] ?? STATES.failed;
  document.getElementById("answer").className = `answer ${look}`;
  document.getElementById("state").textContent = `${chinese} · ${english}`;
  const facts = document.getElementById("facts");
  facts.replaceChildren();
  if (!slip) return;
  const rows = [
    ["结论 Verdict", VERDICTS[slip.verdict] ?? slip.verdict],
    ["秤的编号 Scale", slip.scale || "—"],
    ["时间 Time", `${slip.at}${CLOCKS[slip.clock] ?? ""}`],
    ["设备 Device", slip.device],
    ["条目 Entry", String(slip.seq)],
  ];
  for (const [name, value] of rows) {
    const term = document.createElement("dt");
    const fact = document.createElement("dd");
    term.textContent = name;
    fact.textContent = value;
    facts.append(term, fact);
  }
}

// A claim of digits alone is of the second kind; the first kind is a JWS, with dots in it.
function slipText(claim) {
  return `STEELYARD${/^[0-9]+$/.test(claim) ? 2 : 1}:${claim}`;
}

async function check() {
  const claim = location.hash.slice(1);
  if (!claim) return show("not_a_slip");
  try {
    const answer = await fetch("/v1/slips", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ text: slipText(claim) }),
    });
    if (answer.status === 400) return show("not_a_slip");
    if (!answer.ok) return show("failed");
    const found = await answer.json();
    show(found.state, found.slip);
  } catch {
    show("failed");
  }
}

addEventListener("hashchange", check);
check();
