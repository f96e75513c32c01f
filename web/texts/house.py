"""What stands around every page: name, navigation, language, ages, errors."""

from web.navigation import ENTRIES

ASKED_AS = {"nav.{}": [entry.name for entry in ENTRIES]}

TEXTS = {
    "name": ("归位", "Guiwei"),
    "tagline": ("档案实体保管", "Custody of dossiers"),
    "skip": ("跳到正文", "Skip to content"),
    "language.switch": ("English", "中文"),
    "language.label": ("切换到英文", "Switch to Chinese"),
    "nav.label": ("主导航", "Main navigation"),
    "nav.menu": ("菜单", "Menu"),
    "nav.work": ("今日工作", "Today"),
    "nav.locate": ("检索", "Locate"),
    "nav.station": ("工位", "Station"),
    "nav.requests": ("申请", "Requests"),
    "nav.picking": ("出库", "Picking"),
    "nav.consignments": ("交接", "Consignments"),
    "nav.arrivals": ("到件", "Arrivals"),
    "nav.scans": ("数字化", "Digitisation"),
    "nav.refusals": ("不予接收", "Refusals"),
    "nav.sweeps": ("手持盘点", "Sweeps"),
    "nav.searches": ("查找", "Searches"),
    "nav.counts": ("在管数", "Counts"),
    "nav.closing": ("日终清单", "Closing sheet"),
    "nav.ledger": ("账本", "Ledger"),
    "nav.access_log": ("访问日志", "Access log"),
    "nav.readers": ("读写器", "Readers"),
    "nav.jobs": ("作业", "Jobs"),
    "age.now": ("刚刚", "just now"),
    "age.minutes": ("{count} 分钟前", "{count} min ago"),
    "age.hours": ("{count} 小时前", "{count} h ago"),
    "age.days": ("{count} 天前", "{count} d ago"),
    "age.ahead": ("时钟超前", "clock ahead"),
    "error.title": ("请求未完成", "That didn't work"),
    "error.article": ("依据：{rule}（{source}）", "The rule: {rule} ({source})"),
    "error.home": ("回到检索", "Back to locating"),
}
