"""The access log."""

COLUMN_NAMES = (
    "at", "person", "role", "agency", "act", "object", "reason", "outcome", "times", "address", "browser", "request"
)  # fmt: skip
ASKED_AS = {"access_log.{}": COLUMN_NAMES}

TEXTS = {
    "access_log.title": ("访问日志", "Access log"),
    "access_log.note": (
        "每次查看、变更与被拒绝的操作，仅审计管理员可见；本页的查看与导出同样有记录。",
        "Every look, change and refused attempt, for the audit administrator alone; looking and exporting here are logged too.",
    ),
    "access_log.since": ("起", "From"),
    "access_log.until": ("止", "Until"),
    "access_log.at": ("时间", "Time"),
    "access_log.person": ("用户名", "User name"),
    "access_log.role": ("角色", "Role"),
    "access_log.agency": ("机构", "Agency"),
    "access_log.act": ("操作", "Act"),
    "access_log.object": ("对象", "About"),
    "access_log.reason": ("事由", "Reason"),
    "access_log.dossier": ("档案编号", "Dossier number"),
    "access_log.copy": ("份号", "Copy number"),
    "access_log.copy.hint": ("见纸面页脚或导出文件首行", "at a paper's foot, or in a list's first line"),
    "access_log.times": ("次数", "Times"),
    "access_log.outcome": ("结果", "Outcome"),
    "access_log.done": ("完成", "done"),
    "access_log.refused": ("仅被拒绝的", "Refused only"),
    "access_log.address": ("地址", "Address"),
    "access_log.browser": ("浏览器", "Browser"),
    "access_log.request": ("请求编号", "Request id"),
    "access_log.nobody": ("未登录", "not signed in"),
    "access_log.button": ("查询", "Show"),
    "access_log.csv": ("导出 CSV", "Export CSV"),
    "access_log.xlsx": ("导出 Excel", "Export Excel"),
    "access_log.older": ("更早的记录", "Older entries"),
    "access_log.none.title": ("没有符合条件的记录", "No such entries"),
    "access_log.none.text": ("放宽时间或其他条件再查。", "Widen the time or the other fields."),
}
