"""The signed roots of the ledger."""

TEXTS = {
    "checkpoints.title": ("账本检查点", "Checkpoints of the ledger"),
    "checkpoints.note": (
        "每日对账本签名一次。纸质单据页脚的签名账本根应与此处同号的根一致；不一致或此处没有，即有记录被删改。",
        "Signed once a day. The root at the foot of a paper is the one of that number here, or records were cut or rewritten.",
    ),
    "checkpoints.checkpoint": ("检查点", "Checkpoint"),
    "checkpoints.root": ("签名账本根", "Signed root"),
    "checkpoints.acts": ("经办数", "Acts"),
    "checkpoints.made_at": ("签名时间", "Signed at"),
    "checkpoints.key": ("密钥", "Key"),
    "checkpoints.none.title": ("还没有检查点", "No checkpoint yet"),
    "checkpoints.none.text": ("有经办之后，当日即签名一次。", "The ledger is signed on the day of its first act."),
}
