"""From what a scale shows to the bytes it sends: one encoder a protocol, written from the manuals.

Rules this package obeys:

* No decoder's code, table or constant is used here: a simulator that shares the reader's assumption cannot
  find the reader's mistake.
* Digits go out with the decimals that are displayed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hardware.scale.simulated.display import Display
from hardware.scale.simulated.encoders import counter, laboratory, registers, st_gs, till, toledo, yaohua

Encoder = Callable[[Display], bytes]

ENCODERS: Mapping[str, Encoder] = {
    "yaohua-tf0": yaohua.tf0,
    "yaohua-command": yaohua.command_reply,
    "yaohua-eq-forward": yaohua.eq_forward,
    "yaohua-eq-reversed": yaohua.eq_reversed,
    "yaohua-eq-reversed-suffix": yaohua.eq_reversed_suffix,
    "yaohua-eq-price": yaohua.eq_price,
    "yaohua-a12": yaohua.a12,
    "toledo-continuous": toledo.continuous,
    "toledo-short": toledo.short,
    "toledo-8217": toledo.reply_8217,
    "toledo-8213": toledo.reply_8213,
    "tscale-con2": toledo.con2,
    "and-standard": st_gs.and_standard,
    "and-csv": st_gs.and_csv,
    "and-st-gs": st_gs.and_st_gs,
    "excell-general": st_gs.excell_general,
    "tscale-st-gs": st_gs.tscale_qhw,
    "dini-argeo": st_gs.dini_argeo,
    "cas-22": st_gs.cas_22,
    "mt-sics": laboratory.mt_sics,
    "mettler-label": laboratory.mettler_label,
    "sartorius-sbi16": laboratory.sartorius_sbi16,
    "ohaus-3000": laboratory.ohaus_3000,
    "ohaus-scout": laboratory.ohaus_scout,
    "shinko-pdus": laboratory.shinko_pdus,
    "radwag": laboratory.radwag,
    "creedmoor-trx925": laboratory.creedmoor,
    "ussolid-jfdbs": laboratory.ussolid,
    "steinberg-sbs": laboratory.steinberg,
    "gng-14": laboratory.gng_14,
    "kern-16": laboratory.kern_16,
    "shimadzu-eb": laboratory.shimadzu_eb,
    "cas-pd2": counter.cas_block,
    "aclas-push": counter.cas_block,
    "avery-fx120": counter.avery_fx120,
    "acs-p215": counter.acs_p215,
    "elzab-ext": counter.elzab,
    "digi-ds781": counter.digi_ds781,
    "digi-multi": counter.digi_multi,
    "bizerba-bcp": counter.bizerba_bcp,
    "qz-a-frame": counter.qz_a_frame,
    "sterling-7600": counter.sterling_7600,
    "fairbanks-6011": counter.fairbanks_6011,
    "jik-block": counter.jik_block,
    "jwi-block": counter.jwi_block,
    "massa-100": counter.massa_100,
    "ff-bcd": counter.ff_bcd,
    "ff-bcd-minus-one": counter.ff_bcd_minus_one,
    "nci-ecr": counter.nci,
    "sma-scp0499": counter.sma,
    "usb-hid-8d": counter.usb_hid,
    "tscale-con3": till.con3,
    "brecknell-wi110": till.brecknell_wi110,
    "dialog-06": till.dialog_06,
    "dibal-98": till.dibal_98,
    "dingsong-ds822": till.dingsong_ds822,
    "laumas-modbus": registers.laumas_answer,
    "flintec-modbus": registers.flintec_answer,
    "modbus-rtu": registers.flintec_answer,
}

VARIANTS: Mapping[str, Mapping[str, Encoder]] = {
    "toledo-continuous": {"without-check": toledo.continuous_17},
    "tscale-st-gs": {"nhb": st_gs.tscale_nhb},
    "yaohua-a12": {"lower": yaohua.a12_lower},
}
"""Other shapes of the same protocol, by name."""

UNITS: Mapping[str, str] = {"fairbanks-6011": "lb"}
"""The unit displayed where it is not the kilogram."""

HID = frozenset({"usb-hid-8d"})
"""Reports of a USB device: they stand in a folder that is /sys and /dev, not on a serial line."""
