"""Every text of the pages in Chinese and English, and the choice between the two."""

from dataclasses import dataclass
from typing import Literal, get_args

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LANGUAGE_COOKIE = "language"
ACCEPT_LANGUAGE_CHARACTERS_MAX = 200

# key: (Chinese, English). Trade words exactly as the design's list has them.
TEXTS: dict[str, tuple[str, str]] = {
    "name": ("归位", "Guiwei"),
    "tagline": ("档案实体保管", "Custody of dossiers"),
    "skip": ("跳到正文", "Skip to content"),
    "language.switch": ("English", "中文"),
    "language.label": ("切换到英文", "Switch to Chinese"),
    "nav.label": ("主导航", "Main navigation"),
    "nav.locate": ("查找", "Locate"),
    "nav.readers": ("读写器", "Readers"),
    # Sign-in
    "sign_in.title": ("登录", "Sign in"),
    "sign_in.login": ("用户名", "User name"),
    "sign_in.password": ("密码", "Password"),
    "sign_in.button": ("登录", "Sign in"),
    "sign_in.note": ("每次查看档案均有记录。", "Every look at a dossier is logged."),
    "sign_out": ("退出", "Sign out"),
    # Locate
    "locate.title": ("查找档案", "Locate a dossier"),
    "locate.label": ("编号、姓名、拼音、身份证号或后六位", "Number, name, pinyin, ID number or its last six"),
    "locate.hint": ("编号 · 姓名 · 拼音 · 身份证号或后六位", "number · name · pinyin · ID or last six"),
    "locate.button": ("查找", "Locate"),
    "locate.empty.title": ("可以这样查找", "Ways to find a dossier"),
    "locate.empty.number": ("档案编号或旧编号", "Its number, or an old one"),
    "locate.empty.name": ("姓名，或姓名的开头", "The name, or how it begins"),
    "locate.empty.pinyin": ("全拼或首字母，多音字亦可", "Pinyin in full or by initials, every reading"),
    "locate.empty.id": ("身份证号，或其后六位", "The ID number, or its last six"),
    "locate.empty.tag": ("扫描条码或标签 EPC", "Scan the barcode or the tag's EPC"),
    "locate.keys": ("按 / 定位输入框，↓ 选择，回车打开", "Press / for the box, ↓ to choose, Enter to open"),
    "locate.none.title": ("没有找到", "Nothing found"),
    "locate.none.text": (
        "请核对编号，或试试拼音首字母、身份证号后六位。",
        "Check the number, or try the initials in pinyin or the ID's last six.",
    ),
    "locate.none.agency": (
        "只查找本机构的档案。",
        "Only your own agency's dossiers are searched.",
    ),
    "locate.count": ("{count} 份档案", "{count} found"),
    "locate.more": ("仅显示前 {count} 份，请再输入几个字", "Showing the first {count}; type a little more"),
    "locate.masked": ("您的角色只能按档案编号或标签检索。", "Your role finds dossiers by number or tag."),
    # Dossier
    "dossier.title": ("档案 {number}", "Dossier {number}"),
    "dossier.aliases": ("旧编号", "Old numbers"),
    "dossier.born": ("{year} 年生", "born {year}"),
    "dossier.id": ("身份证号", "ID number"),
    "dossier.employer": ("原单位", "Employer"),
    "dossier.agency": ("档案管理服务机构", "Holding agency"),
    "dossier.deposit": ("存档类别", "Deposit"),
    "dossier.deposit.employer": ("单位存档", "by the employer"),
    "dossier.deposit.individual": ("个人存档", "by the person"),
    "dossier.unknown": ("未登记", "not recorded"),
    "dossier.volume": ("第 {ordinal} 册", "Volume {ordinal}"),
    "dossier.volumes": ("共 {count} 册", "{count} volumes"),
    "dossier.tag": ("标签", "Tag"),
    "dossier.untagged": ("未装标签", "no tag"),
    "ledger.title": ("实体保管", "Custody"),
    "ledger.source": ("人工经办", "what people recorded"),
    "ledger.since": ("自 {time}", "since {time}"),
    "ledger.none": ("尚未接收", "Not received yet"),
    "ledger.none.text": ("接收并上架后，这里显示库位。", "Its shelf appears here once it is received and shelved."),
    "radio.title": ("位置推断", "Belief"),
    "radio.source": ("读写器所见", "what the radio saw"),
    "radio.seen": ("最近读到", "last seen"),
    "radio.runner_up": ("其次：{place}，{percent}", "next: {place}, {percent}"),
    "radio.none": ("从未读到", "Never seen"),
    "radio.none.text": (
        "没有读到不等于不在。下次手持盘点会补上。",
        "Silence is not absence. The next sweep of this bay will tell.",
    ),
    "probability.certain": ("几乎确定", "almost certain"),
    "probability.likely": ("很可能", "very likely"),
    "probability.fair": ("较可能", "likely"),
    "probability.unsure": ("不确定", "unsure"),
    "agreement.agrees": ("一致", "In place"),
    "agreement.differs": ("差异", "Differs"),
    "agreement.doubtful": ("存疑", "In doubt"),
    "agreement.outdated": ("待复核", "To be seen"),
    "agreement.unseen": ("未读到", "Not seen"),
    "agreement.not_held": ("未入库", "Not held"),
    "agreement.agrees.text": (
        "读写器所见与台账一致。",
        "The radio sees it where the ledger says.",
    ),
    "agreement.differs.text": (
        "读写器所见与台账不同，请到现场核对。台账只由人更正。",
        "The radio sees it elsewhere. Go and look; only a person corrects the ledger.",
    ),
    "agreement.doubtful.text": (
        "读写器可能在别处读到它，但把握不足，先看台账所在。",
        "The radio may see it elsewhere but isn't sure. Look at the ledger's place first.",
    ),
    "agreement.outdated.text": (
        "最近一次移动之后还没有读到过。",
        "It hasn't been read since it was last moved.",
    ),
    "agreement.unseen.text": (
        "读写器从未读到它。没有读到不等于不在。",
        "The radio has never read it. Silence is not absence.",
    ),
    "agreement.not_held.text": (
        "档案已登记，尚未接收入库。",
        "The dossier is registered but hasn't been received.",
    ),
    "history.title": ("经办记录", "History"),
    "history.empty": ("还没有经办记录。", "No acts yet."),
    "history.to": ("至", "to"),
    "history.actor": ("经办人", "by"),
    "history.authority": ("依据", "authority"),
    "history.reason": ("原因", "reason"),
    "history.recorded": ("登记于 {time}", "recorded {time}"),
    "history.most": ("仅显示最近 {count} 条。", "Only the newest {count} are shown."),
    # Readers
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
    # Ages and errors
    "age.now": ("刚刚", "just now"),
    "age.minutes": ("{count} 分钟前", "{count} min ago"),
    "age.hours": ("{count} 小时前", "{count} h ago"),
    "age.days": ("{count} 天前", "{count} d ago"),
    "age.ahead": ("时钟超前", "clock ahead"),
    "error.title": ("请求未完成", "That didn't work"),
    "error.home": ("回到查找", "Back to locating"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language: `words("locate.count", count=3)`."""

    language: Language

    def __call__(self, key: str, **facts: object) -> str:
        """The text under `key`, its placeholders filled; an unknown key is a defect and raises `KeyError`."""
        text = TEXTS[key][0 if self.chinese else 1]
        return text.format(**facts) if facts else text

    @property
    def chinese(self) -> bool:
        """Whether the language is Chinese."""
        return self.language == "zh-CN"

    @property
    def other(self) -> Language:
        """The language the switch leads to."""
        return "en" if self.chinese else "zh-CN"


def choose_language(chosen: str | None, accepted: str, default: Language) -> Language:
    """The language of the cookie; else the first of an Accept-Language header that we speak; else the site's own."""
    for language in LANGUAGES:
        if chosen == language:
            return language
    preferences: list[tuple[float, str]] = []
    for entry in accepted[:ACCEPT_LANGUAGE_CHARACTERS_MAX].split(","):
        tag, _, quality = entry.partition(";q=")
        try:
            preferences.append((float(quality or 1), tag.strip().lower()))
        except ValueError:
            continue
    for _, tag in sorted(preferences, key=lambda preference: -preference[0]):
        if tag.split("-")[0] == "zh":
            return "zh-CN"
        if tag.split("-")[0] == "en":
            return "en"
    return default
