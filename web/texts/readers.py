"""The readers."""

ASKED_AS = {"readers.{}": ("online", "offline", "silent", "gap")}

TEXTS = {
    "readers.title": ("读写器", "Readers"),
    "readers.none.title": ("还没有登记读写器", "No readers yet"),
    "readers.none.text": (
        "用 guiwei import readers 导入读写器文件。",
        "Import the readers file with guiwei import readers.",
    ),
    "readers.summary": ("{online} 台在线，共 {count} 台", "{online} of {count} online"),
    "readers.online": ("在线", "Online"),
    "readers.offline": ("离线", "Offline"),
    "readers.silent": ("状态未知", "Unknown"),
    "readers.gap": ("失读", "Blind"),
    "readers.reader": ("读写器", "Reader"),
    "readers.state": ("状态", "State"),
    "readers.last": ("最近消息", "Last message"),
    "readers.never": ("从未", "never"),
    "readers.clock": ("时钟偏差", "Clock offset"),
    "readers.reads": ("读取次数", "Reads"),
    "readers.quarantined": ("隔离", "Quarantined"),
    "readers.gaps": ("失读时段（24 小时）", "Coverage gaps (24 h)"),
}
