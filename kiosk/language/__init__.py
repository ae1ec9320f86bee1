"""Words of the screens in 中文, བོད་ཡིག and English."""
