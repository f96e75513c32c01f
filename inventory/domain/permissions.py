"""Who may do what: one table of permissions and roles.

Every door of the web names the permission it asks for (`web.doors`), and the operation behind it asks again where no act's
rule or reach does. The navigation and docs/roles.md are drawn from it, and a test tries every door as every role. Whose
dossiers somebody may do it with is the role's reach (`inventory.domain.people`), held by the database. The acts of the ledger
have a table of their own, with the roles that record each: `inventory.domain.custody_rules`. Source: "People" in the trade's
notes.
"""

from dataclasses import dataclass
from enum import StrEnum, auto

from inventory.domain.custody_rules import RULES
from inventory.domain.people import Reach, Role, Viewer
from inventory.domain.refusals import NotAllowed


class Permission(StrEnum):
    """Something a person may do, or may not."""

    FIND_DOSSIERS = auto()
    UNMASK = auto()
    SEE_DAY_WORK = auto()
    SEE_READERS = auto()
    COMMAND_READERS = auto()
    SET_UP_READERS = auto()
    RECORD_ACTS = auto()

    SEE_REQUESTS = auto()
    ASK = auto()
    WORK_ON_REQUESTS = auto()
    APPROVE_REQUESTS = auto()
    BORROW = auto()
    SEE_DELEGATIONS = auto()
    GIVE_DELEGATIONS = auto()
    FOLLOW_UP_REQUESTS = auto()
    HAND_OVER = auto()
    CONSULT = auto()
    GIVE_SCANS = auto()
    SETTLE_UNRESOLVED = auto()
    SEE_LETTERS = auto()
    KEEP_LETTERS = auto()
    REGISTER_INSTITUTIONS = auto()
    BLOCK_INSTITUTIONS = auto()
    DECLARE_CAREERS = auto()
    DECLARE_OWN_TIES = auto()
    DECLARE_TIES = auto()
    WITHDRAW_TIES = auto()
    SET_RULE_NUMBERS = auto()

    PICK = auto()
    PLAN_WAVES = auto()
    SEE_CONSIGNMENTS = auto()
    CONSIGN = auto()
    REGISTER_BAGS = auto()

    ANNOUNCE_ARRIVALS = auto()
    RECEIVE_ARRIVALS = auto()
    PLAN_PLACES = auto()
    SEE_REFUSALS = auto()
    TAG = auto()
    SEE_LABELS = auto()
    INSERT_MATERIALS = auto()
    SEE_SCANS = auto()
    REPORT_SCANS = auto()
    SEND_TO_SCAN = auto()
    RESHELVE = auto()
    SWEEP = auto()
    COUNT_SHELVES = auto()

    SEE_AUDITS = auto()
    RUN_AUDITS = auto()
    SIGN_AUDITS = auto()
    PLAN_AUDITS = auto()

    SEE_GATES = auto()
    ANSWER_ALARMS = auto()
    SEE_DISCREPANCIES = auto()
    COMMENT_DISCREPANCIES = auto()
    RESOLVE_DISCREPANCIES = auto()
    SEE_SEARCHES = auto()
    SEARCH = auto()
    BEGIN_SEARCHES = auto()
    DECLARE_LOST = auto()
    REBUILD = auto()

    SEE_COUNTS = auto()
    CERTIFY_COUNTS = auto()
    SEE_CLOSING_SHEET = auto()
    SEE_LEDGER = auto()
    MERGE_DOSSIERS = auto()
    CHANGE_REGISTER = auto()
    ANNOUNCE_MERGERS = auto()
    CERTIFY_SIDES = auto()

    SEE_JOBS = auto()
    RUN_JOBS = auto()

    MANAGE_ACCOUNTS = auto()
    GRANT_ROLES = auto()
    READ_ACCESS_LOG = auto()

    @property
    def zh(self) -> str:
        """Its name in Chinese."""
        return PERMISSIONS[self].zh

    @property
    def en(self) -> str:
        """Its name in English."""
        return PERMISSIONS[self].en

    @property
    def roles(self) -> frozenset[Role]:
        """Who may."""
        return PERMISSIONS[self].roles


@dataclass(frozen=True, slots=True)
class Permitted:
    """One row of the table: names of the permission, and who may."""

    zh: str
    en: str
    roles: frozenset[Role]


_KEEPER, _CLERK, _HEAD, _MANAGER = Role.KEEPER, Role.WINDOW_CLERK, Role.AGENCY_HEAD, Role.CITY_MANAGER
_AUDITOR, _SUPERVISOR, _CONTRACTOR = Role.AUDITOR, Role.SUPERVISOR, Role.CONTRACTOR
_FINDERS = frozenset(role for role in Role if role.rights.dossiers is not Reach.NONE)
_P = Permission


def _row(zh: str, en: str, *roles: Role | frozenset[Role]) -> Permitted:
    return Permitted(
        zh, en, frozenset(one for given in roles for one in ((given,) if isinstance(given, Role) else given))
    )


_STAFF = frozenset({_KEEPER, _CLERK, _HEAD, _MANAGER})
_AGENCY = frozenset({_CLERK, _HEAD})
_HANDS = frozenset({_KEEPER, _CLERK})
_RECORDERS = frozenset(role for rule in RULES.values() if rule.through is None for role in rule.by)

PERMISSIONS: dict[Permission, Permitted] = {
    _P.FIND_DOSSIERS: _row("查找、查看档案", "find dossiers and look at them", _FINDERS),
    _P.UNMASK: _row("查看完整证件号码", "see a whole ID number", _AGENCY),
    _P.SEE_DAY_WORK: _row("查看今日工作", "see the day's work", _STAFF),
    _P.SEE_READERS: _row("查看读写器", "see the readers", _KEEPER, _MANAGER, _AUDITOR, _SUPERVISOR, Role.SYSTEM_ADMIN),
    _P.COMMAND_READERS: _row("向读写器下达命令", "tell readers what to do", _KEEPER, _MANAGER),
    _P.SET_UP_READERS: _row(
        "变更读写器登记、重试隔离消息", "change readers' registrations, retry quarantine", _MANAGER, Role.SYSTEM_ADMIN
    ),
    _P.RECORD_ACTS: _row("在工位登记经办", "record acts at the station", _RECORDERS),
    # ── A window's request ───────────────────────────────────────────────────────────────────────────────────────────
    _P.SEE_REQUESTS: _row("查看用档申请", "see requests", _FINDERS),
    _P.ASK: _row("提出用档申请", "ask for dossiers", _AGENCY),
    _P.WORK_ON_REQUESTS: _row("办理用档申请", "work on requests", _STAFF),
    # The city's manager answers what fits no dossier of anybody's, and approves for an agency that has delegated it in writing.
    _P.APPROVE_REQUESTS: _row("审批用档申请", "approve and refuse requests", _HEAD, _MANAGER),
    _P.BORROW: _row("查看本单位借阅、告知窗口", "see own institution's requests, tell of loans", Role.BORROWER),
    _P.SEE_DELEGATIONS: _row("查看审批委托", "see delegations", _HEAD, _MANAGER, _AUDITOR),
    _P.GIVE_DELEGATIONS: _row("委托、撤销委托", "delegate, and revoke", _HEAD),
    _P.FOLLOW_UP_REQUESTS: _row("续借、撤回、登记回执、办结", "renew, withdraw, confirm receipts, finish", _AGENCY),
    _P.HAND_OVER: _row("交出、收回档案，发出转递", "hand dossiers over, take them back, send transfers", _HANDS),
    _P.CONSULT: _row("接待查阅", "host consultations", _KEEPER),
    _P.GIVE_SCANS: _row("提供扫描件", "give scans", _KEEPER, _AGENCY),
    _P.SETTLE_UNRESOLVED: _row("处理对不上档案的申请", "settle requests that fit no dossier", _MANAGER),
    _P.SEE_LETTERS: _row("查看函件", "see letters", _FINDERS),
    _P.KEEP_LETTERS: _row("登记函件", "register letters", _AGENCY),
    _P.REGISTER_INSTITUTIONS: _row("登记单位", "register institutions", _AGENCY, _MANAGER),
    _P.BLOCK_INSTITUTIONS: _row("暂停单位借档", "keep institutions from borrowing", _HEAD, _MANAGER),
    _P.DECLARE_CAREERS: _row("登记身份类别", "declare what a person was", _AGENCY),
    _P.DECLARE_OWN_TIES: _row("申报本人或亲属", "declare oneself or a relative", frozenset(Role)),
    _P.DECLARE_TIES: _row("申报他人的本人或亲属关系", "declare others' ties", Role.SECURITY_ADMIN),
    _P.WITHDRAW_TIES: _row("查看、撤销回避申报", "see and withdraw ties", Role.SECURITY_ADMIN),
    _P.SET_RULE_NUMBERS: _row("设定规则数值和节假日", "set the rules' numbers and holidays", _MANAGER),
    # ── Fetching and carrying ────────────────────────────────────────────────────────────────────────────────────────
    _P.PICK: _row("取档、开通道", "pick, and open aisles", _KEEPER),
    _P.PLAN_WAVES: _row("编排出库批次", "make and see waves and open aisles", _KEEPER, _MANAGER),
    _P.SEE_CONSIGNMENTS: _row("查看交接", "see consignments", _FINDERS),
    _P.CONSIGN: _row("装袋、封袋、交接", "pack, seal and hand over bags", _HANDS),
    _P.REGISTER_BAGS: _row("登记转运袋", "register transfer bags", _HANDS, _MANAGER),
    # ── Coming in ────────────────────────────────────────────────────────────────────────────────────────────────────
    _P.ANNOUNCE_ARRIVALS: _row("预告、查看到件", "announce and see arrivals", _HANDS, _MANAGER),
    _P.RECEIVE_ARRIVALS: _row("清点、审核到件", "count and review arrivals", _HANDS),
    _P.PLAN_PLACES: _row("规划库位、倒架", "plan places and re-shelvings", _KEEPER, _MANAGER),
    _P.SEE_REFUSALS: _row("查看不予接收统计", "see what was refused how often", _FINDERS),
    _P.TAG: _row("打印、核验标签，装标签", "print and verify labels, tag", _KEEPER),
    _P.SEE_LABELS: _row("查看标签批次", "see batches of labels", _KEEPER, _MANAGER, _AUDITOR),
    _P.INSERT_MATERIALS: _row("散材料接收、归档", "receive and insert loose materials", _KEEPER),
    _P.SEE_SCANS: _row("查看数字化批次", "see digitisation", _KEEPER, _MANAGER, _AUDITOR, _CONTRACTOR),
    _P.REPORT_SCANS: _row("报告扫描页数", "report scans", _KEEPER, _CONTRACTOR),
    _P.SEND_TO_SCAN: _row("送扫、收回", "send to be scanned, take back", _KEEPER),
    _P.RESHELVE: _row("倒架", "carry a re-shelving out", _KEEPER),
    _P.SWEEP: _row("手持盘点", "sweep the shelves", _KEEPER, _MANAGER),
    _P.COUNT_SHELVES: _row("按码清点库位", "count shelves by code", _KEEPER, _MANAGER, _AUDITOR),
    # ── Audits ───────────────────────────────────────────────────────────────────────────────────────────────────────
    _P.SEE_AUDITS: _row("查看盘点", "see audits", _KEEPER, _MANAGER, _AUDITOR, _SUPERVISOR),
    _P.RUN_AUDITS: _row("发起盘点、抽查", "ask for audits and samples", _MANAGER, _AUDITOR),
    _P.SIGN_AUDITS: _row("盘点签字", "sign audits", _KEEPER, _MANAGER, _AUDITOR),
    _P.PLAN_AUDITS: _row("编制盘点计划、关闭盘点", "plan and close audits", _MANAGER),
    # ── What isn't where it should be ────────────────────────────────────────────────────────────────────────────────
    _P.SEE_GATES: _row("查看通道门和报警", "see gates and their alarms", _KEEPER, _MANAGER, _AUDITOR),
    _P.ANSWER_ALARMS: _row("处理报警、复位警笛", "answer alarms, silence and re-arm sirens", _KEEPER, _MANAGER),
    _P.SEE_DISCREPANCIES: _row("查看差异", "see discrepancies", _FINDERS),
    _P.COMMENT_DISCREPANCIES: _row("说明差异", "comment on discrepancies", _STAFF),
    # Which kinds are a keeper's to close, and which the manager's alone, their table says (`discrepancies.KINDS`).
    _P.RESOLVE_DISCREPANCIES: _row("分派、处理差异", "assign and resolve discrepancies", _KEEPER, _MANAGER),
    _P.SEE_SEARCHES: _row("查看查找", "see searches", _FINDERS),
    _P.SEARCH: _row("登记查找步骤", "search", _STAFF),
    _P.BEGIN_SEARCHES: _row("开始、撤销查找，登记找到", "begin and dismiss searches, record what is found", _HANDS),
    _P.DECLARE_LOST: _row("认定遗失", "declare a dossier lost", _HEAD),
    _P.REBUILD: _row("重建档案", "rebuild a lost dossier", _KEEPER),
    # ── The register ─────────────────────────────────────────────────────────────────────────────────────────────────
    _P.SEE_COUNTS: _row("查看统计", "see counts", _FINDERS),
    _P.CERTIFY_COUNTS: _row("出具存档数证明", "certify counts", _HEAD, _MANAGER),
    _P.SEE_CLOSING_SHEET: _row("查看日结单", "see the closing sheet", _KEEPER, _MANAGER, _AUDITOR, _SUPERVISOR),
    _P.SEE_LEDGER: _row(
        "查看账本检查点",
        "see the ledger's signed roots",
        _KEEPER,
        _HEAD,
        _MANAGER,
        _AUDITOR,
        _SUPERVISOR,
        Role.AUDIT_ADMIN,
    ),
    _P.MERGE_DOSSIERS: _row("合并重复档案", "merge duplicates", _HEAD),
    _P.CHANGE_REGISTER: _row("变更存档性质", "change the deposit type", _AGENCY),
    _P.ANNOUNCE_MERGERS: _row("机构合并", "merge agencies", _MANAGER),
    _P.CERTIFY_SIDES: _row("机构合并中核定本方数量", "certify one side of a merger of agencies", _HEAD),
    # ── What Guiwei does on its own ──────────────────────────────────────────────────────────────────────────────────
    _P.SEE_JOBS: _row(
        "查看后台作业",
        "see the jobs",
        _KEEPER,
        _MANAGER,
        _AUDITOR,
        Role.SYSTEM_ADMIN,
        Role.SECURITY_ADMIN,
        Role.AUDIT_ADMIN,
    ),
    _P.RUN_JOBS: _row("立即运行后台作业", "have a job run now", _MANAGER, Role.SYSTEM_ADMIN),
    # ── The three administrators, each a third ───────────────────────────────────────────────────────────────────────
    _P.MANAGE_ACCOUNTS: _row("管理账号", "make and lock accounts", Role.SYSTEM_ADMIN),
    _P.GRANT_ROLES: _row("授予、收回角色", "grant and withdraw roles", Role.SECURITY_ADMIN),
    _P.READ_ACCESS_LOG: _row("查看访问日志", "read the access log", Role.AUDIT_ADMIN),
}


def permits(viewer: Viewer, permission: Permission) -> bool:
    """Whether the viewer's role covers it."""
    return viewer.role in permission.roles


def check_permitted(viewer: Viewer, permission: Permission) -> None:
    """Raises `NotAllowed` where the viewer's role doesn't cover it."""
    if not permits(viewer, permission):
        raise NotAllowed
