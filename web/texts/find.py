"""Find mode."""

TEXTS = {
    "find.title": ("寻找 {volume}", "Find {volume}"),
    "find.note": (
        "拿手持机沿架走动，越响越近。读写器要连续上报，不要先攒后传。",
        "Walk along the shelves with the handheld: the louder, the nearer. It must report as it reads, not in batches.",
    ),
    "find.ledger": ("台账所在", "By the ledger"),
    "find.belief": ("射频所见", "By radio"),
    "find.waiting": ("还没有读到", "Not heard yet"),
    "find.warmer": ("更近了", "Warmer"),
    "find.colder": ("远了", "Colder"),
    "find.steady": ("差不多", "About the same"),
    "find.silent": ("{seconds} 秒没有读到", "Silent for {seconds} s"),
    "find.here": ("就在这里", "Right here"),
    "find.reader": ("读写器", "Reader"),
    "find.strength": ("信号", "Signal"),
    "find.best": ("最强", "Strongest so far"),
    "find.sound": ("打开声音", "Sound on"),
    "find.sound.off": ("关闭声音", "Sound off"),
    "find.button": ("用手持机寻找", "Find it with a handheld"),
    "find.back": ("回到档案", "Back to the dossier"),
}
