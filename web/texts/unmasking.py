"""Seeing an ID number whole."""

TEXTS = {
    "unmask.title": ("完整证件号码", "The whole ID number"),
    "unmask.open": ("查看完整证件号码", "See the whole ID number"),
    "unmask.note": (
        "每次查看均登记姓名、时间和事由，24小时内次数有限。",
        "Every look is logged with name, time and reason, and 24 hours allow only so many.",
    ),
    "unmask.reason": ("事由", "Reason"),
    "unmask.why": ("说明（不写姓名和号码）", "Explanation, naming nobody"),
    "unmask.button": ("查看并登记", "Show, and log it"),
    "unmask.once": ("只显示这一次，离开后须重新说明事由。", "Shown this once; another look needs its reason again."),
    "unmask.back": ("返回档案", "Back to the dossier"),
}
