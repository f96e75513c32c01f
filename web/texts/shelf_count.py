"""Counting shelves by code with a telephone. What stands in braces is filled in by the page's own script."""

TEXTS = {
    "shelf_count.title": ("按码清点", "Count by code"),
    "shelf_count.scan": ("扫库位条码，再逐卷扫码", "Scan the shelf's label, then each volume"),
    "shelf_count.camera": ("用相机扫码", "Scan with the camera"),
    "shelf_count.shelf": ("正在清点", "Counting"),
    "shelf_count.tally": ("卷", "volumes"),
    "shelf_count.finish": ("本层清点完毕", "The whole shelf is counted"),
    "shelf_count.finish.note": (
        "只有清点完毕并全部同步的库位，才会判未见的档案缺失。",
        "Only of a shelf that was counted whole, and all of it synced, is something said to be missing.",
    ),
    "shelf_count.conflicts": ("需要留意", "To look at"),
    "shelf_count.take_along": ("带上要清点的范围", "Take a scope along"),
    "shelf_count.places": ("节架或库位编号，可多个，以空格分隔", "Codes of bays or shelves, with blanks between"),
    "shelf_count.load": ("载入", "Load"),
    "shelf_count.sync": ("同步", "Sync"),
    "shelf_count.sign_in": ("重新登录", "Sign in again"),
    "shelf_count.shelf_first": ("请先扫库位条码", "Scan the shelf's label first"),
    "shelf_count.twice": ("{code} 已扫过", "{code} was scanned already"),
    "shelf_count.belongs": ("{code} 应在 {place}", "{code} belongs at {place}"),
    "shelf_count.not_expected": ("{code} 不在本次范围", "{code} isn't of this scope"),
    "shelf_count.same_shelf": ("仍是 {shelf}", "Still {shelf}"),
    "shelf_count.counting": ("开始清点 {shelf}", "Counting {shelf}"),
    "shelf_count.finished": (
        "{shelf} 清点完毕：{count} 卷，待同步",
        "{shelf} is counted: {count} volumes, to be synced",
    ),
    "shelf_count.loaded": ("已载入 {scope}：{count} 个库位", "{scope} is loaded: {count} shelves"),
    "shelf_count.away": ("连不上系统，请到有网络处载入", "The site is out of reach; load where there is a network"),
    "shelf_count.offline": ("离线", "Out of reach"),
    "shelf_count.online": ("在线 · {counter}", "In reach · {counter}"),
    "shelf_count.signed_out": ("登录已过期", "Signed out"),
    "shelf_count.unsent": ("{count} 项待同步", "{count} to be synced"),
    "shelf_count.all_sent": ("已全部同步", "All synced"),
    "shelf_count.others": (
        "{shelf} 由 {counter} 清点，须由其本人同步",
        "{shelf} was counted by {counter}, who has to sync it",
    ),
    "shelf_count.also_by": (
        "{shelf}：{counter} 也清点了该库位，两次一并计入",
        "{shelf}: {counter} counted it too; both go in",
    ),
    "shelf_count.unknown": ("{shelf}：{code} 不是任何档案的条码", "{shelf}: {code} is nobody's code"),
    "shelf_count.moved": (
        "{shelf}：{code} 扫码后已移至 {place}，以台账为准",
        "{shelf}: {code} was moved to {place} after it was scanned; the ledger stands",
    ),
    "shelf_count.blind": ("盲点 {audit}：{scope}", "Blind count {audit}: {scope}"),
    "shelf_count.synced": ("已清点", "counted"),
    "shelf_count.pending": ("待同步", "to be synced"),
    "shelf_count.begun": ("清点中", "begun"),
    "shelf_count.uncounted": ("未清点", "to be counted"),
    "shelf_count.no_camera": ("无法使用相机：{why}", "The camera can't be used: {why}"),
    "shelf_count.not_secure": (
        "离线清点需要 HTTPS，请按运维手册安装站点证书",
        "Counting out of reach needs HTTPS; install the site's certificate (docs/operations.md)",
    ),
}
ASKED_AS = {
    "shelf_count.{}": (
        *("shelf_first", "twice", "belongs", "not_expected", "same_shelf", "counting", "finished", "loaded", "away"),
        *("offline", "online", "signed_out", "unsent", "all_sent", "others", "also_by", "unknown", "moved", "blind"),
        *("synced", "pending", "begun", "uncounted", "no_camera", "not_secure"),
    )
}
