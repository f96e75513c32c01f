"""Every way Guiwei says no.

    Refusal
    ├── BadInput        ask differently and it may work        (CLI exit 2, HTTP 422)
    ├── NotSignedIn     who are you?                           (HTTP 401)
    ├── NotAllowed      you may not; another person might      (HTTP 403)
    ├── NotFound        nothing of that name, or not for you   (HTTP 404)
    ├── Conflict        somebody was first, or it is elsewhere (HTTP 409)
    ├── Forbidden       nobody may: a rule or law says so      (HTTP 409)
    └── Unavailable     not now: a service is away             (HTTP 503)

A refusal has a code (stable, for programs), one sentence in Chinese and one in English (for people), and the facts that
fill them. Named constraints of the database map to the same tree (`inventory.store.database`). Only `web` knows HTTP.
"""

from typing import ClassVar


class Refusal(Exception):
    """A request was understood and declined; nothing was changed."""

    code: ClassVar[str] = "refused"
    zh: ClassVar[str] = "请求被拒绝。"
    en: ClassVar[str] = "The request was refused."
    # The rule of `law.RULES` it stands on; one refusal of several grounds may tell its own.
    rule: str | None = None

    def __init__(self, **facts: object) -> None:
        """`facts` fill the placeholders of both sentences; they must never hold a person's ID number."""
        super().__init__()
        self.facts = facts

    def sentence(self, language: str = "en") -> str:
        """One sentence for a person; `language` is "zh" or "en"."""
        return (self.zh if language == "zh" else self.en).format(**self.facts)

    def __str__(self) -> str:
        return f"{self.sentence('zh')} {self.sentence('en')}"


# ── BadInput ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class BadInput(Refusal):
    """What was sent can't be understood or can't be meant."""

    code = "bad_input"
    zh = "输入有误：{problem_zh}。"
    en = "Bad input: {problem_en}."


class BadSetting(BadInput):
    """A setting of the environment can't be used."""

    code = "bad_setting"
    zh = "设置 {setting} 无法使用：{problem_zh}。"
    en = "The setting {setting} can't be used: {problem_en}."


class FileUnreadable(BadInput):
    """A file is missing, of another kind, or not text in a known encoding."""

    code = "file_unreadable"
    zh = "无法读取文件 {file}：{problem_zh}。"
    en = "The file {file} can't be read: {problem_en}."


class RegisterInvalid(BadInput):
    """An import file has errors; nothing of it was imported."""

    code = "register_invalid"
    zh = "文件 {file} 有 {count} 处错误，未导入任何内容。"
    en = "The file {file} has {count} errors; nothing was imported."


class BackdatedWithoutReason(BadInput):
    """An act said to have happened long before it is recorded needs a reason."""

    code = "backdated_without_reason"
    zh = "经办时间早于登记时间，必须说明原因。"
    en = "The act happened well before it is recorded; a reason is required."


class HappensInTheFuture(BadInput):
    """An act can't have happened after it is recorded."""

    code = "happens_in_the_future"
    zh = "经办时间晚于当前时间。"
    en = "The act can't have happened in the future."


class CorrectionWithoutReason(BadInput):
    """A correction of the ledger says why."""

    code = "correction_without_reason"
    zh = "更正库位必须说明原因。"
    en = "A correction needs a reason."


class BadDetail(BadInput):
    """A fact told with an act is unknown or not of its form."""

    code = "bad_detail"
    zh = "“{detail_zh}”应为{wants_zh}。"
    en = "'{detail_en}' should be {wants_en}."


class ReasonMissing(BadInput):
    """Some acts say why."""

    code = "reason_missing"
    zh = "“{act}”必须说明原因。"
    en = "'{act_en}' needs a reason."


class AuthorityMissing(BadInput):
    """Some acts cite the letter, order or request they stand on."""

    code = "authority_missing"
    zh = "“{act}”必须注明依据（函件、指令或申请的编号）。"
    en = "'{act_en}' needs its authority: the number of a letter, an order or a request."


class EvidenceMissing(BadInput):
    """Some acts carry facts without which they prove nothing."""

    code = "evidence_missing"
    zh = "“{act}”必须登记{evidence}。"
    en = "'{act_en}' needs the {evidence_en}."


class SecondPersonMissing(BadInput):
    """Sealing, opening, handing out and the like take two."""

    code = "second_person_missing"
    zh = "“{act}”必须由两人经办，请第二人确认。"
    en = "'{act_en}' takes two people; let the second one confirm."
    rule = "two_persons"


class SecondPersonIsFirst(BadInput):
    """Nobody is their own second person."""

    code = "second_person_is_first"
    zh = "经办人与确认人不能是同一人。"
    en = "The second person can't be the first."
    rule = "two_persons"


class WrongKindOfPlace(BadInput):
    """This act doesn't lead to a place of that kind."""

    code = "wrong_kind_of_place"
    zh = "“{act}”不能到 {place}（{kind}）。"
    en = "'{act_en}' can't lead to {place} (a {kind_en})."


class PlaceMissing(BadInput):
    """An act that moves says where to."""

    code = "place_missing"
    zh = "“{act}”必须扫描或填写目的所在。"
    en = "'{act_en}' needs the place it leads to."


class TooManyCodes(BadInput):
    """One batch holds as many dossiers as a person can look through."""

    code = "too_many_codes"
    zh = "一批最多 {most} 份档案。"
    en = "A batch has at most {most} dossiers."


class CodeAmbiguous(BadInput):
    """An old number may belong to several dossiers."""

    code = "code_ambiguous"
    zh = "旧编号 {code} 对应多份档案，请扫描标签或现用编号。"
    en = "The old number {code} belongs to several dossiers; scan the tag or the number of today."


class SameVolumeTwice(BadInput):
    """One command names a volume at most once."""

    code = "same_volume_twice"
    zh = "同一批次中档案重复出现。"
    en = "The same volume stands twice in one command."


class SlotMissing(BadInput):
    """A case needs its papers, slot by slot."""

    code = "slot_missing"
    zh = "缺少{slot}，申请不能受理。"
    en = "The request lacks its {slot_en}."


class WrongLetter(BadInput):
    """A slot takes letters of its own kind."""

    code = "wrong_letter"
    zh = "“{slot}”不能使用{kind}。"
    en = "A {kind_en} can't serve as the {slot_en}."


class IdNumberInText(BadInput):
    """Free text is read by many; an ID number has its own, encrypted field."""

    code = "id_number_in_text"
    zh = "“{field}”中不得填写身份证号。"
    en = "No ID number may stand in the {field_en}."


class DueTooLate(BadInput):
    """A due date lies within the days its purpose allows."""

    code = "due_too_late"
    zh = "应还日期应在 {earliest} 至 {latest} 之间。"
    en = "The due date lies between {earliest} and {latest}."
    rule = "due_date_never_null"


class LetterScanUnreadable(BadInput):
    """A scan of a letter is a PDF, JPEG or PNG of a bounded size."""

    code = "letter_scan_unreadable"
    zh = "函件扫描件应为 PDF、JPEG 或 PNG，且不超过 {mib} MiB。"
    en = "The scan of a letter is a PDF, JPEG or PNG of at most {mib} MiB."


class DayNotOver(BadInput):
    """What is held at 24:00 is counted when the day is over."""

    code = "day_not_over"
    zh = "该日尚未结束，不能核定 24 时的数量。"
    en = "That day isn't over yet; what is held at its 24:00 can't be counted."


class WrongRole(BadInput):
    """There is no role of that name."""

    code = "wrong_role"
    zh = "没有这个角色；可用的有：{known_zh}。"
    en = "There is no such role; use one of {known_en}."


class AgencyRequired(BadInput):
    """A window clerk or an agency head belongs to an agency."""

    code = "agency_required"
    zh = "角色“{role_zh}”必须指定所属机构。"
    en = "The role {role_en} needs an agency."


class BodyTooLarge(BadInput):
    """More bytes than any form or search has."""

    code = "body_too_large"
    zh = "请求内容过大，最多 {kib} KiB。"
    en = "The request is too large; at most {kib} KiB are taken."


class ExportTooLong(BadInput):
    """More rows than a workbook is made for; it says what fits, and what has no bound."""

    code = "export_too_long"
    zh = "Excel 文件最多 {entries} 条记录。请将开始时间设为 {since} 或更晚，或导出 CSV（不限条数）。"
    en = "A workbook holds at most {entries} entries. Begin at {since} or later, or take CSV, which holds them all."


class BodyTooSlow(BadInput):
    """A body that doesn't come to its end."""

    code = "body_too_slow"
    zh = "请求内容未在 {seconds} 秒内传完。"
    en = "The request didn't arrive within {seconds} seconds."


class WrongShelf(BadInput):
    """A pick begins with the label of the shelf the wave leads to."""

    code = "wrong_shelf"
    zh = "扫描的是 {scanned}，这一站应为 {shelf}。"
    en = "{scanned} was scanned; this stop is {shelf}."


class NotOfThisStop(BadInput):
    """A dossier was scanned that nobody asked for at this shelf; it goes back to its place."""

    code = "not_of_this_stop"
    zh = "{code} 不在这一站的出库清单上，请放回原处。"
    en = "{code} isn't to be picked at this stop; put it back."


class TrackingMissing(BadInput):
    """What a courier service takes has its number."""

    code = "tracking_missing"
    zh = "通过{channel}发出必须登记单号。"
    en = "Sending by {channel_en} needs its tracking number."


class MissingNeedsOutcome(BadInput):
    """A missing dossier isn't settled by words: it came after all, or it is searched for."""

    code = "missing_needs_outcome"
    zh = "{volume} 未到：请登记其已补到，或启动查找，不能只写说明。"
    en = "{volume} is missing: record that it came after all or begin the search; words alone don't settle it."


class ReadBackIncomplete(BadInput):
    """A label is read back whole: printed code, EPC and TID, one of each."""

    code = "read_back_incomplete"
    zh = "{code} 处读回不完整：每个封套依次为印刷码、EPC、TID，各一个。"
    en = "What was read at {code} isn't whole: of each envelope its printed code, one EPC and one TID."


class TidMissing(BadInput):
    """A label printed here is bound with its chip's own number."""

    code = "tid_missing"
    zh = "档案 {volume} 的标签由本系统打印，绑定时须读出 TID；请在“核验标签”页办理。"
    en = "{volume}'s label was printed here and is bound with its TID; do it on the page Verify labels."


class NothingScanned(BadInput):
    """A batch has at least one dossier."""

    code = "nothing_scanned"
    zh = "没有扫描任何档案。"
    en = "No dossier was scanned."


class MergedIntoItself(BadInput):
    """The number of the duplicate is that of the dossier it is to be merged into."""

    code = "merged_into_itself"
    zh = "{dossier} 不能并入自身。"
    en = "{dossier} can't be merged into itself."


# ── NotSignedIn, NotAllowed ──────────────────────────────────────────────────────────────────────────────────────────


class NotSignedIn(Refusal):
    """No valid session or token came with the request."""

    code = "not_signed_in"
    zh = "请先登录。"
    en = "Please sign in first."


class WrongPassword(NotSignedIn):
    """Login and password don't fit; which of the two is not told."""

    code = "wrong_password"
    zh = "用户名或密码不正确。"
    en = "The user name or the password is wrong."


class WrongCode(NotSignedIn):
    """A one-time or recovery code doesn't fit, or was used before."""

    code = "wrong_code"
    zh = "验证码不正确或已经用过，请等待下一个验证码。"
    en = "The code is wrong or was used already; wait for the next one."


class WrongBadge(NotSignedIn):
    """The badge laid down isn't the account's own, or its PIN doesn't fit."""

    code = "wrong_badge"
    zh = "工作卡或口令不正确。"
    en = "The badge or its PIN is wrong."


class TooManyAttempts(NotSignedIn):
    """Failed sign-ins pause further attempts for a while."""

    code = "too_many_attempts"
    zh = "登录失败次数过多，请 {minutes} 分钟后再试。"
    en = "Too many failed sign-ins; try again in {minutes} minutes."


class NotAllowed(Refusal):
    """This person's role doesn't cover that."""

    code = "not_allowed"
    zh = "您的角色不允许此操作。"
    en = "Your role doesn't allow this."


class UnmaskLimit(NotAllowed):
    """Nobody needs so many ID numbers whole in a day."""

    code = "unmask_limit"
    zh = "24小时内查看完整证件号码的次数已用完。"
    en = "You have seen as many whole ID numbers as 24 hours allow."


class ActNotForRole(NotAllowed):
    """This act is for others to do."""

    code = "act_not_for_role"
    zh = "“{act}”不由{role}经办。"
    en = "'{act_en}' is not for a {role_en} to do."


class WrongPin(NotAllowed):
    """The second person's PIN or password doesn't fit."""

    code = "wrong_pin"
    zh = "确认人的用户名、口令或密码不正确。"
    en = "The second person's user name, PIN or password is wrong."


class SecondPersonNotProven(NotAllowed):
    """Whoever is said to have signed beside hasn't just proven it in this session."""

    code = "second_person_not_proven"
    zh = "第二人尚未确认：请其在本页当场输入口令。"
    en = "The second person hasn't confirmed; let them enter their PIN here and now."
    rule = "two_persons"


class ForeignRequest(NotAllowed):
    """The request comes from another site's page."""

    code = "foreign_request"
    zh = "请求来自其他网站，已拒绝。"
    en = "The request came from another site and was refused."


class FormTokenMissing(NotAllowed):
    """What is sent with a session's cookie carries that session's token; a page from before the sign-in has another."""

    code = "form_token_missing"
    zh = "页面已过期或请求并非来自本系统页面，请刷新后重试。"
    en = "The page is older than your sign-in, or this came from elsewhere; load the page again and repeat."


class SearchByNumberOnly(NotAllowed):
    """Who sees masked persons may not find them by name."""

    code = "search_by_number_only"
    zh = "您的角色只能按档案编号或标签检索。"
    en = "Your role finds dossiers by number or tag only."


class MovedByOneself(NotAllowed):
    """Whoever moved a volume last doesn't say that a grave discrepancy about it is settled."""

    code = "moved_by_oneself"
    zh = "档案 {volume} 最后由您经办，这项差异须由他人核实后关闭。"
    en = "You moved {volume} last; somebody else has to look into this discrepancy and close it."


class ApproverIsRequester(NotAllowed):
    """Who asks doesn't approve."""

    code = "approver_is_requester"
    zh = "申请人不得审批自己的申请。"
    en = "Who asks for a dossier doesn't approve it."
    rule = "requester_is_not_approver"


class OtherWindow(NotAllowed):
    """Whoever was given a window works there."""

    code = "other_window"
    zh = "窗口 {place} 不是您的工作窗口。"
    en = "The window {place} isn't the one you work at."


class TieOfOneself(NotAllowed):
    """Nobody takes their own tie away."""

    code = "tie_of_oneself"
    zh = "不得撤销涉及本人的申报。"
    en = "Nobody withdraws a tie of their own."
    rule = "three_admins_separated"


class GrantToOneself(NotAllowed):
    """Nobody says what they themselves may do."""

    code = "grant_to_oneself"
    zh = "不得为自己授予或收回角色。"
    en = "Nobody grants or withdraws a role of their own."
    rule = "three_admins_separated"


class DelegationMissing(NotAllowed):
    """The city approves for a county only where that was delegated in writing, and only while it is."""

    code = "delegation_missing"
    zh = "该机构没有在有效期内的书面委托，市级主管不能代为审批。"
    en = "That agency has no delegation in writing in force today; the city's manager can't decide for it."
    rule = "delegation_in_writing"


class NotYourEnd(NotAllowed):
    """Keepers work at the warehouse's end of a consignment, window clerks at their window's."""

    code = "not_your_end"
    zh = "{place} 一端由{role}办理。"
    en = "The end at {place} is for a {role_en}."


# ── NotFound ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class NotFound(Refusal):
    """Nothing of that name, or not for you: the two look alike on purpose."""

    code = "not_found"
    zh = "未找到。"
    en = "Not found."


class DossierNotFound(NotFound):
    """No such dossier, or of an agency you can't see."""

    code = "dossier_not_found"
    zh = "未找到档案 {dossier}。"
    en = "There is no dossier {dossier}."


class AuditNotFound(NotFound):
    """No such audit."""

    code = "audit_not_found"
    zh = "未找到盘点 {audit}。"
    en = "There is no audit {audit}."


class PlaceNotFound(NotFound):
    """No such place."""

    code = "place_not_found"
    zh = "未找到所在 {place}。"
    en = "There is no place {place}."


class CodeUnknown(NotFound):
    """A scanned code is neither a dossier nor a place, or not for you."""

    code = "code_unknown"
    zh = "无法识别 {code}：既不是档案，也不是库位。"
    en = "{code} is unknown: neither a dossier nor a place."


class SessionNotFound(NotFound):
    """No such session or token, or not one the asker may end."""

    code = "session_not_found"
    zh = "没有这个会话或令牌，或它已经结束。"
    en = "There is no such session or token, or it ended already."


class AccountNotFound(NotFound):
    """No such account."""

    code = "account_not_found"
    zh = "未找到用户 {login}。"
    en = "There is no account {login}."


class AgencyNotFound(NotFound):
    """No such agency."""

    code = "agency_not_found"
    zh = "未找到机构 {agency}。"
    en = "There is no agency {agency}."


class BadgeNotFound(NotFound):
    """The account has no badge, or it isn't the viewer's to end."""

    code = "badge_not_found"
    zh = "用户 {login} 没有可注销的工作卡。"
    en = "The account {login} has no badge to end."


class NoSuchReader(NotFound):
    """No reader of that code."""

    code = "no_such_reader"
    zh = "未找到读写器 {reader}。"
    en = "There is no reader {reader}."


class ReaderNotFound(NotFound):
    """No handheld or cart of that code."""

    code = "reader_not_found"
    zh = "未找到手持机或推车 {reader}。"
    en = "There is no handheld or cart {reader}."


class SearchNotFound(NotFound):
    """No such search, or for a dossier you can't see."""

    code = "search_not_found"
    zh = "未找到查找 {case}。"
    en = "There is no search {case}."


class CaseNotFound(NotFound):
    """No such discrepancy, or of another agency's dossier."""

    code = "case_not_found"
    zh = "未找到差异 {case}。"
    en = "There is no discrepancy {case}."


class GateNotFound(NotFound):
    """No such gate, or a place without gate antennas."""

    code = "gate_not_found"
    zh = "未找到通道门 {gate}。"
    en = "There is no gate {gate}."


class AlarmNotFound(NotFound):
    """No such alarm, or a passage that never was one."""

    code = "alarm_not_found"
    zh = "未找到这次报警。"
    en = "There is no such alarm."


class BatchNotFound(NotFound):
    """No such arrival or batch, or none of yours."""

    code = "batch_not_found"
    zh = "未找到批次 {number}。"
    en = "There is no batch {number}."


class PrinterNotFound(NotFound):
    """The site has no label printer of that name."""

    code = "printer_not_found"
    zh = "没有登记名为 {printer} 的标签打印机；请在 GUIWEI_LABEL_PRINTERS 中登记。"
    en = "There is no label printer {printer}; register it in GUIWEI_LABEL_PRINTERS."


class MergerNotFound(NotFound):
    """No such merger of agencies, or none of yours."""

    code = "merger_not_found"
    zh = "未找到机构变更 {merger}。"
    en = "There is no agency merger {merger}."


class CertificateNotFound(NotFound):
    """No such certificate, or another agency's."""

    code = "certificate_not_found"
    zh = "未找到证明 {certificate}。"
    en = "There is no certificate {certificate}."


class NoSuchAddress(NotFound):
    """Nothing is served at that address."""

    code = "no_such_address"
    zh = "没有这个页面。"
    en = "There is no such page."


class PathLeadsOut(NoSuchAddress):
    """An address that climbs out of where it begins; none of ours does."""

    code = "path_leads_out"


class RequestNotFound(NotFound):
    """No such request, or not for you."""

    code = "request_not_found"
    zh = "未找到申请 {request}。"
    en = "There is no request {request}."


class InstitutionNotFound(NotFound):
    """No such institution in the register."""

    code = "institution_not_found"
    zh = "未找到单位 {institution}，请先登记。"
    en = "There is no institution {institution}; register it first."


class LetterNotFound(NotFound):
    """No such letter, or taken in by another agency's window."""

    code = "letter_not_found"
    zh = "未找到函件 {letter}。"
    en = "There is no letter {letter}."


class WaveNotFound(NotFound):
    """No such wave."""

    code = "wave_not_found"
    zh = "未找到出库批次 {wave}。"
    en = "There is no wave {wave}."


class BagNotFound(NotFound):
    """No such transfer bag."""

    code = "bag_not_found"
    zh = "未登记转运袋 {bag}。"
    en = "There is no transfer bag {bag}."


class ConsignmentNotFound(NotFound):
    """No such consignment, or another agency's."""

    code = "consignment_not_found"
    zh = "未找到交接清单 {consignment}。"
    en = "There is no consignment {consignment}."


class TieNotFound(NotFound):
    """No such declaration."""

    code = "tie_not_found"
    zh = "未找到该申报。"
    en = "There is no such declaration."


class DelegationNotFound(NotFound):
    """No such delegation, or another agency's."""

    code = "delegation_not_found"
    zh = "未找到委托 {delegation}。"
    en = "There is no delegation {delegation}."


class DiscrepancyNotFound(NotFound):
    """No such row of a discrepancy sheet."""

    code = "discrepancy_not_found"
    zh = "未找到该差异。"
    en = "There is no such discrepancy."


# ── Conflict ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Conflict(Refusal):
    """The world is not as the request supposes; look again and decide anew."""

    code = "conflict"
    zh = "与现有数据冲突。"
    en = "This conflicts with what is recorded."


class PlaceStays(Conflict):
    """A place in which volumes stand can't become part of another warehouse: their acts are in that one's chain."""

    code = "place_stays"
    zh = "所在 {place} 中有档案，不能改归另一库房。"
    en = "Volumes stand in the place {place}; it can't become part of another warehouse."


class VersionMoved(Conflict):
    """Somebody recorded an act on the volume since it was looked at."""

    code = "version_moved"
    zh = "档案 {volume} 已有新的经办记录，请刷新后再试。"
    en = "Somebody has recorded another act on {volume}; look again before you go on."


class AlreadyThere(Conflict):
    """A move leads to a different place."""

    code = "already_there"
    zh = "档案 {volume} 已在该处。"
    en = "{volume} is already there."


class AlreadyHeld(Conflict):
    """Only a volume without a holding can be received."""

    code = "already_held"
    zh = "档案 {volume} 已入库，不能再次接收。"
    en = "{volume} is already held; it can't be received again."


class NotHeldYet(Conflict):
    """A volume must be received before anything else is done with it."""

    code = "not_held_yet"
    zh = "档案 {volume} 尚未接收入库。"
    en = "{volume} has not been received yet."


class WrongOrigin(Conflict):
    """This act doesn't start where the volume is."""

    code = "wrong_origin"
    zh = "档案 {volume} 现在{kind}，不能“{act}”。"
    en = "{volume} is now in a place of kind '{kind_en}'; '{act_en}' can't start there."


class LegalStateForbids(Conflict):
    """This act isn't done with a dossier of that legal state."""

    code = "legal_state_forbids"
    zh = "档案 {volume} 的保管状态为“{state}”，不能“{act}”。"
    en = "{volume} is {state_en}; it can't be '{act_en}' now."


class NotAccepted(Conflict):
    """Only what was accepted stands on a shelf."""

    code = "not_accepted"
    zh = "档案 {volume} 尚未审核入库，不能上架。"
    en = "{volume} has not been accepted yet; it can't stand on a shelf."


class SealForbids(Conflict):
    """This act isn't done with an envelope in that condition."""

    code = "seal_forbids"
    zh = "档案 {volume} {state}，不能“{act}”。"
    en = "The envelope of {volume} is {state_en}; it can't be '{act_en}' now."


class MarkForbids(Conflict):
    """A mark on the volume forbids the act, or one it needs isn't there."""

    code = "mark_forbids"
    zh = "因“{mark}”标记，档案 {volume} 不能“{act}”。"
    en = "The mark '{mark_en}' decides it: {volume} can't be '{act_en}'."


class ActOutOfOrder(Conflict):
    """An act on a volume can't have happened before the one recorded last."""

    code = "act_out_of_order"
    zh = "经办时间早于档案 {volume} 的上一次经办。"
    en = "The act can't have happened before the last one on {volume}."


class ActNeedsWork(Conflict):
    """An act that belongs to a request, a batch or a manifest is recorded there."""

    code = "act_needs_work"
    zh = "“{act}”只能通过“{work_zh}”办理。"
    en = "'{act_en}' is recorded through its {work} only."


class RuleBroken(Conflict):
    """The database holds an act to the same table of rules; this one breaks it."""

    code = "rule_broken"
    zh = "该经办不符合保管规则。"
    en = "The act breaks the rules of custody."


class SearchClosed(Conflict):
    """A search that is over takes no more steps."""

    code = "search_closed"
    zh = "查找 {case} 的状态为“{state}”，不能再办理此事。"
    en = "The search {case} is {state_en}; this can't be done any more."


class DiscrepancyOver(Conflict):
    """A case that is closed stays as it is; what is found later is another one."""

    code = "discrepancy_over"
    zh = "这项差异已经关闭。"
    en = "This discrepancy is closed."


class AlarmAnswered(Conflict):
    """An alarm is answered once: false sirens are counted by it."""

    code = "alarm_answered"
    zh = "这次报警已由{name}处理。"
    en = "This alarm was answered by {name}."


class OutcomeUnfit(Conflict):
    """Not every reason closes every kind of discrepancy."""

    code = "outcome_unfit"
    zh = "“{kind}”不能以此原因关闭；可选：{reasons}。"
    en = "That reason doesn't close a case '{kind_en}'; these do: {reasons_en}."


class LedgerStands(Conflict):
    """A case isn't closed as moved properly while the ledger says what it said before."""

    code = "ledger_stands"
    zh = "台账仍记在 {place}：请先登记移动，再以此原因关闭。"
    en = "The ledger still has it at {place}: record the move first, then close the case so."


class SearchUnfinished(Conflict):
    """Nothing is lost before the whole protocol was walked through."""

    code = "search_unfinished"
    zh = "档案 {volume} 的查找尚未完成，还差：{steps}。"
    en = "The search for {volume} isn't finished; still to do: {steps_en}."
    rule = "search_protocol"


class SearchByTwo(Conflict):
    """A loss is declared on the work of two different searchers."""

    code = "search_by_two"
    zh = "认定档案 {volume} 遗失，须由至少两人分别查找。"
    en = "Two different people must have searched for {volume} before it can be declared lost."
    rule = "lost_needs_head_and_two_searchers"


class SearchUnderWay(Conflict):
    """A volume is searched for by one case at a time."""

    code = "search_under_way"
    zh = "该册已有进行中的查找。"
    en = "There is a search for that volume already."


class NotCommandable(Conflict):
    """A reader is told to do something where its registration says how: dialect and, for most, control_url."""

    code = "reader_takes_no_commands"
    zh = "读写器 {reader} 不接受命令，或登记中没有写明命令地址。"
    en = "The reader {reader} takes no commands, or its registration doesn't say where."


class CommandGoesOn(Conflict):
    """What a reader was told and what came of it stay as they were."""

    code = "reader_command_goes_on"
    zh = "读写器命令只能往下进行，已结束的不能更改。"
    en = "A reader's command only goes on; one that has ended doesn't change."


class AuditUnderWay(Conflict):
    """One process at a time works on an audit."""

    code = "audit_under_way"
    zh = "盘点 {audit} 正由另一进程进行。"
    en = "Another process is working on audit {audit}."


class AuditNotJudged(Conflict):
    """What an audit found is there once it is judged."""

    code = "audit_not_judged"
    zh = "盘点 {audit} 尚未判定。"
    en = "Audit {audit} isn't judged yet."


class AuditStays(Conflict):
    """What an audit found is as it was found, and a closed audit never changes."""

    code = "audit_stays"
    zh = "盘点只能往下进行，结果和已关闭的盘点不能更改。"
    en = "An audit only goes on; its results and a closed audit don't change."


class ShelfCountLate(Conflict):
    """A count goes into an audit before that is judged, not after."""

    code = "shelf_count_late"
    zh = "该盘点已开始判定或已结束，此次清点未计入。"
    en = "The audit is being judged or is over; this count didn't go into it."


class ShelfCountUnfinished(Conflict):
    """A count is finished when all its scans have come."""

    code = "shelf_count_unfinished"
    zh = "清点的扫描尚未全部同步，不能结束。"
    en = "Not all scans of the count have come; it isn't finished."


class DeskTaken(Conflict):
    """Somebody else waits for a badge at this desk."""

    code = "desk_taken"
    zh = "工作台 {place} 正有他人在等待刷卡，请稍候再试。"
    en = "Somebody else waits for a badge at the desk {place}; try again in a moment."


class TapMissing(Conflict):
    """No badge was laid on the desk's reader for this."""

    code = "tap_missing"
    zh = "工作台上没有可用的工作卡，请重新刷卡。"
    en = "No badge lies on the desk's reader; lay it down again."


class BadgeTaken(Conflict):
    """The card is somebody's badge already."""

    code = "badge_taken"
    zh = "这张卡已登记给他人，请先注销原登记。"
    en = "This card is somebody's badge already; end that first."


class BadgeStays(Conflict):
    """What was said of a badge stays; it only ends."""

    code = "badge_stays"
    zh = "工作卡的登记不可更改，只能注销。"
    en = "A badge's registration doesn't change; it only ends."


class ShelfCountStays(Conflict):
    """What was counted stays as it was counted."""

    code = "shelf_count_stays"
    zh = "清点结束后不可更改，请重新清点。"
    en = "A finished count doesn't change; count the shelf again."


class AuditUnsigned(Conflict):
    """Two sign before an audit is closed."""

    code = "audit_unsigned"
    zh = "须由两人签字后才能关闭盘点。"
    en = "Two people sign an audit before it is closed."
    rule = "two_persons"


class CounterIsKeeper(Conflict):
    """Whoever keeps the shelves doesn't sign for the count of them."""

    code = "counter_is_keeper"
    zh = "库房管理员不能作为盘点人签字。"
    en = "Whoever keeps the shelves can't sign as the one who counted them."


class BlindCountByKeeper(Conflict):
    """Whoever keeps the shelves isn't who counts them blind."""

    code = "blind_count_by_keeper"
    zh = "盲点由库房管理员以外的人清点。"
    en = "A blind count is made by somebody who doesn't keep the shelves."


class AlreadyMerged(Conflict):
    """A duplicate is merged once; what is merged further belongs to its survivor."""

    code = "already_merged"
    zh = "该档案已并入另一份档案。"
    en = "That dossier has already been merged into another."


class GoesWithSurvivor(Conflict):
    """A merged duplicate leaves together with the dossier it belongs to, never by itself."""

    code = "goes_with_survivor"
    zh = "该档案已并入 {survivor}，随 {survivor} 一并转递，不单独转递。"
    en = "That dossier was merged into {survivor} and is transferred together with it, never by itself."
    rule = "whole_never_in_parts"


class MergeAcrossAgencies(Conflict):
    """Duplicates of two agencies: one agency first hands its own over to the other."""

    code = "merge_across_agencies"
    zh = "两份档案由不同机构保管，不能直接合并。"
    en = "The two dossiers are held by different agencies; they can't be merged directly."


class ProofContradicted(Conflict):
    """What the register knows of the two persons doesn't fit the proof given."""

    code = "proof_contradicted"
    zh = "两份档案登记的身份信息不一致，须凭公安机关证明合并。"
    en = "The register knows different identities for the two; only a letter of the police proves that they are one person."


class MergerUnderWay(Conflict):
    """An agency is merged once."""

    code = "merger_under_way"
    zh = "该机构的变更已登记。"
    en = "A merger of that agency is already on record."


class MergerClosed(Conflict):
    """A merger that is done or withdrawn doesn't change any more."""

    code = "merger_closed"
    zh = "机构变更 {merger} 已办结。"
    en = "The agency merger {merger} is closed."


class CountsUncertified(Conflict):
    """Both sides certify the count before a whole agency's dossiers go over."""

    code = "counts_uncertified"
    zh = "移交方和接收方都须核定数量后才能办理变更。"
    en = "Both agencies must certify the count before the dossiers go over."
    rule = "mergers_by_document"


class CountsDiffer(Conflict):
    """What both sides certify and what is held must be one number."""

    code = "counts_differ"
    zh = "数量不一致：移交方核定 {handing}，接收方核定 {taking}，实际在管 {held}。"
    en = "The counts differ: {handing} certified by the agency that hands over, {taking} by the other, {held} are held."
    rule = "mergers_by_document"


class CommandReused(Conflict):
    """A command id was sent before with another content."""

    code = "command_reused"
    zh = "命令编号 {command} 已用于另一次经办。"
    en = "The command id {command} was already used for a different act."


class EpcTaken(Conflict):
    """An EPC or TID is never used twice."""

    code = "epc_taken"
    zh = "标签 EPC 或 TID 已被使用，不得重复使用。"
    en = "That EPC or TID is already in use; it is never used twice."


class VolumeTagged(Conflict):
    """A volume has one tag at a time; another replaces it."""

    code = "volume_tagged"
    zh = "该册已有标签；如需更换，请办理“更换标签”。"
    en = "The volume already has a tag; record its replacement instead."


class TagRetired(Conflict):
    """What a tag was on it stays on in the register; it never goes on anything else."""

    code = "tag_retired"
    zh = "标签一经使用，不得改用于其他档案或库位。"
    en = "A tag that was on something never goes on anything else."


class ReadBackDiffers(Conflict):
    """A tag counts as bound only when it was read back as it was meant."""

    code = "read_back_differs"
    zh = "档案 {volume} 的标签读回内容与应写入的不一致，未绑定。"
    en = "The tag of {volume} doesn't read back as it was written; it was not bound."


class PreviousLabel(Conflict):
    """The printer wrote what it had written on the label before."""

    code = "previous_label"
    zh = "档案 {volume} 的标签读回的是 {other} 的 EPC：打印机写入了上一张标签的内容，请作废此标签重打。"
    en = "The tag of {volume} reads back with the EPC of {other}: the printer wrote the previous label; print another."


class EpcOfAnother(Conflict):
    """What is read back is another volume's label."""

    code = "epc_of_another"
    zh = "印刷码是 {volume}，读到的 EPC 却属于 {other}：标签贴错或打错，未绑定。"
    en = "The printed code is {volume}'s, but the EPC read is {other}'s: a wrong label or envelope; it was not bound."


class CodeOfAnother(Conflict):
    """The printed code on a label is another volume's."""

    code = "code_of_another"
    zh = "标签上的印刷码是 {other}，不是 {volume}，未绑定。"
    en = "The code printed on the label is {other}'s, not {volume}'s; it was not bound."


class LabelNotOurs(Conflict):
    """A label that was not printed here can't be verified against anything."""

    code = "label_not_ours"
    zh = "档案 {volume} 没有待核验的标签，读到的 EPC 也不是本系统打印的；别处制作的标签请在“装标签”页绑定。"
    en = (
        "No label of {volume} waits, and the EPC read was not printed here; bind a tag made elsewhere on the page Tags."
    )


class LabelSpoiled(Conflict):
    """A spoiled label's EPC is gone for ever."""

    code = "label_spoiled"
    zh = "档案 {volume} 的这张标签已作废，其 EPC 永不再用；请使用重打的标签。"
    en = "This label of {volume} is spoiled and its EPC never used again; use the one printed anew."


class TagCloned(Conflict):
    """One chip has one EPC: the same TID with another is a copied or re-written tag."""

    code = "tag_cloned"
    zh = "档案 {volume} 的标签芯片 {tid} 已登记为另一 EPC：标签被复制或改写，未绑定，请作废重打。"
    en = "The chip {tid} on {volume}'s label is known with another EPC: a copied or re-written tag; print another."


class EpcOnAnotherChip(Conflict):
    """One EPC stands on one chip: a second one was written with it."""

    code = "epc_on_another_chip"
    zh = "档案 {volume} 标签的 EPC 已在另一枚芯片上：同一 EPC 写入了两张标签，请作废本张重打。"
    en = "The EPC on {volume}'s label is on another chip already: two labels were written with it; print another."


class NothingOnThePad(Conflict):
    """A desk pad has read no tag with its TID just now."""

    code = "nothing_on_the_pad"
    zh = "读写台 {place} 刚才没有读到带 TID 的标签；请放好封套，并确认读写器上报 TID。"
    en = "The pad {place} has read no tag with a TID just now; lay the envelope down, and let the reader tell TIDs."


class SeveralOnThePad(Conflict):
    """On a pad, labels are verified one by one."""

    code = "several_on_the_pad"
    zh = "读写台 {place} 上有 {count} 枚标签；请只放一个封套再扫描。"
    en = "There are {count} tags on the pad {place}; lay one envelope on it and scan again."


class NumberingUnset(Conflict):
    """No EPC is made up under a prefix that is somebody's."""

    code = "numbering_unset"
    zh = (
        "尚未设定标签编号：请用 guiwei label numbering --gs1-prefix … --document-type … 设定本单位的 GS1 前缀，"
        "没有的用 --gid-manager … --object-class …。"
    )
    en = (
        "How labels are numbered isn't set: run guiwei label numbering --gs1-prefix … --document-type … with the site's own GS1 "
        "prefix or, without one, --gid-manager … --object-class …."
    )


class SerialsUsedUp(Conflict):
    """A numbering has no serial left, or its serials are on tags already."""

    code = "serials_used_up"
    zh = "{numbering} 的序列号已用尽或多已在用；请用 guiwei label numbering --first-serial 另设起点，或另设编号。"
    en = "The serials of {numbering} are used up or on tags already; set another first serial, or another numbering."


class NothingToLabel(Conflict):
    """Every volume there has its tag, or a label that waits."""

    code = "nothing_to_label"
    zh = "{scope} 没有需要打印标签的档案：都已有标签，或已有待核验的标签。"
    en = "Nothing at {scope} needs a label: each volume has its tag, or a label that waits to be verified."


class LabelWaits(Conflict):
    """A volume waits for one label at a time."""

    code = "label_waits"
    zh = "该档案已有待核验的标签；先核验，或作废后重打。"
    en = "A label of this volume waits already; verify it, or spoil it and print another."


class LabelStays(Conflict):
    """What a label is and how it ended stays as it was written."""

    code = "label_stays"
    zh = "标签记录不可更改：绑定或作废后即为定局，其 EPC 永不改用。"
    en = "A label's record stays: bound or spoiled it is settled, and its EPC is never another's."


class LabelsSentAlready(Conflict):
    """Sent twice, labels would be two tags with one EPC."""

    code = "labels_sent_already"
    zh = "批次 {number} 的标签都已送出打印；没有打好的请作废后重打，不可再送一次。"
    en = (
        "All labels of {number} were sent to be printed; spoil those that failed and print anew, don't send them again."
    )


class LabelWithoutReadBack(Conflict):
    """A label counts as bound only with the tag that was read back."""

    code = "label_without_read_back"
    zh = "标签须与读回的 EPC、TID 一致，并绑定在所印档案上。"
    en = "A label is bound to the volume printed on it, with the EPC and TID that were read back."


class PiecesDiffer(Conflict):
    """Pieces counted and pieces listed must agree, or somebody says why not."""

    code = "pieces_differ"
    zh = "档案 {volume} 清点 {counted} 份，应为 {listed} 份；请重新清点，确有差异的须说明原因。"
    en = "{counted} pieces were counted in {volume}, {listed} should be there; count again, or say why they differ."


class PagesDiffer(Conflict):
    """Pages scanned and pages listed must agree, or somebody says why not."""

    code = "pages_differ"
    zh = "档案 {volume} 扫描 {counted} 页，目录为 {listed} 页；请核对，确有差异的须说明原因。"
    en = "{counted} pages of {volume} were scanned, its list says {listed}; look again, or say why they differ."


class PersonKnown(Conflict):
    """New material of somebody who has a dossier already stops until somebody says why."""

    code = "person_known"
    zh = "已有相同身份证号的档案（{dossier}）；如确需另立，请说明原因。"
    en = "There is a dossier with that ID number ({dossier}); to register another, say why."


class BatchStateForbids(Conflict):
    """A step that this batch isn't ready for, or is past."""

    code = "batch_state_forbids"
    zh = "批次 {number} {state_zh}，不能{step_zh}。"
    en = "Batch {number} {state_en}; it can't be {step_en}."


class SheetChanged(Conflict):
    """What is signed is what was shown."""

    code = "sheet_changed"
    zh = "批次 {number} 的差异单已有变化，请重新核对后签字。"
    en = "The discrepancy sheet of {number} has changed; look at it again before you sign."


class NotOnList(Conflict):
    """What was scanned isn't on this arrival's list; it is counted as one too many."""

    code = "not_on_list"
    zh = "{code} 不在清单上，计为多出。"
    en = "{code} is not on the list; it is counted as extra."


class ListedInBox(Conflict):
    """What was scanned is listed in another box; it is counted where it was found."""

    code = "listed_in_box"
    zh = "{code} 在清单上列于第 {box} 箱，按实际箱号清点。"
    en = "{code} is listed in box {box}; it is counted where it was found."


class NotMatched(Conflict):
    """Loose materials go into the dossier they were matched to."""

    code = "not_matched"
    zh = "批次 {number} 中没有待归入档案 {volume} 的材料。"
    en = "No material of batch {number} waits for {volume}."


class NameTaken(Conflict):
    """A number, code or login stands already."""

    code = "name_taken"
    zh = "编号或名称已存在。"
    en = "That number, code or name already exists."


class LeaseLost(Conflict):
    """Another process has taken over this work."""

    code = "lease_lost"
    zh = "另一进程已接管 {lease}。"
    en = "Another process has taken over {lease}."


class RequestElsewhere(Conflict):
    """A request that has moved on, or isn't that far yet."""

    code = "request_elsewhere"
    zh = "申请 {request} 现为“{state}”，不能“{step}”。"
    en = "Request {request} is '{state_en}'; '{step_en}' isn't possible now."


class AnotherIsServed(Conflict):
    """One dossier serves one request at a time; the others wait in their order."""

    code = "another_is_served"
    zh = "该档案正由另一申请使用，请按排队次序等候。"
    en = "Another request has this dossier just now; yours keeps its place in the queue."


class RequestsAhead(Conflict):
    """Others asked for the dossier before; they are served first."""

    code = "requests_ahead"
    zh = "前面还有 {count} 件申请，{request} 排在第 {position} 位。"
    en = "Requests ahead in the queue: {count}; {request} has place {position}."


class SealNumberDiffers(Conflict):
    """The strip on the envelope is the one that was recorded."""

    code = "seal_number_differs"
    zh = "档案 {volume} 的封条号与登记不符，请先核实。"
    en = "The seal strip on {volume} is not the one recorded; find out why first."


class DelegationTwice(Conflict):
    """One delegation at a time, so that a decision has one to name."""

    code = "delegation_twice"
    zh = "这段时间内已有委托；请先撤销，或另选日期。"
    en = "There is a delegation for some of those days already; revoke it first, or choose other days."
    rule = "delegation_in_writing"


class DelegationOver(Conflict):
    """What has ended or was taken back isn't taken back again."""

    code = "delegation_over"
    zh = "该委托已到期或已撤销。"
    en = "That delegation is over or was revoked already."


class WindowOfAnother(Conflict):
    """A window is one agency's."""

    code = "window_of_another"
    zh = "该窗口不存在，或属于另一机构。"
    en = "There is no such window, or it is another agency's."


class TieWithdrawn(Conflict):
    """A declaration is withdrawn once."""

    code = "tie_withdrawn"
    zh = "该申报已撤销。"
    en = "That declaration was withdrawn already."


class SaidAlready(Conflict):
    """A borrower says a thing once, until the loan is renewed."""

    code = "said_already"
    zh = "已告知窗口，无需重复。"
    en = "The window knows already; there is no need to say it again."


class RoleStands(Conflict):
    """What somebody has already isn't given again: it would only end their sessions."""

    code = "role_stands"
    zh = "{login} 已是该角色。"
    en = "{login} has that role already."


class RuleNumberTaken(Conflict):
    """A number of a rule is set once for a day; a later day takes another."""

    code = "rule_number_taken"
    zh = "该规则自该日起的数值已登记。"
    en = "The rule has its number from that day on already."


class NothingToPick(Conflict):
    """No approved request can be fetched just now."""

    code = "nothing_to_pick"
    zh = "{place} 没有可出库的申请；另有 {waiting} 件已批准的申请，其档案不在架上。"
    en = "Nothing can be picked in {place}; {waiting} more approved requests wait for dossiers that aren't on a shelf."


class WaveFinished(Conflict):
    """A finished wave isn't picked any more."""

    code = "wave_finished"
    zh = "出库批次 {wave} 已结束。"
    en = "The wave {wave} is finished."


class NoStopTaken(Conflict):
    """Picks are recorded at the stop a keeper has taken."""

    code = "no_stop_taken"
    zh = "您没有正在进行的站点，请先取下一站。"
    en = "You have no stop in hand; take the next one first."


class StopTaken(Conflict):
    """A keeper works at one stop at a time, and a stop has one keeper."""

    code = "stop_taken"
    zh = "该站点已有人，或您还有未完成的站点。"
    en = "That stop is taken, or you have one that isn't done."


class PickTaken(Conflict):
    """A volume is in one open pick."""

    code = "pick_taken"
    zh = "该册已在一个未结束的出库批次中。"
    en = "The volume is in another wave that isn't finished."


class PickMoved(Conflict):
    """The ledger has a dossier elsewhere since the wave was made."""

    code = "pick_moved"
    zh = "台账显示 {volume} 已不在 {shelf}，现在 {place}；这一册留给下一批次。"
    en = "The ledger has {volume} no longer on {shelf} but at {place}; leave it to the next wave."


class AisleHeld(Conflict):
    """One aisle of a block is open at a time, and somebody may stand in it."""

    code = "aisle_held"
    zh = "密集架区 {block} 的 {aisle} 通道由{holder}自 {since} 打开（{purpose}），请先与其联系。"
    en = "{holder} has had aisle {aisle} of block {block} open since {since} ({purpose_en}); talk to them first."


class AisleTaken(Conflict):
    """Somebody opened an aisle of the block a moment before."""

    code = "aisle_taken"
    zh = "该密集架区刚被他人打开通道。"
    en = "Somebody else has just opened an aisle of that block."


class NotMobile(Conflict):
    """Fixed shelving has no aisles to open."""

    code = "not_mobile"
    zh = "{place} 不属于密集架，没有可打开的通道。"
    en = "{place} is no mobile shelving; it has no aisle to open."


class AisleNotOpen(Conflict):
    """There is nothing to close."""

    code = "aisle_not_open"
    zh = "{place} 处没有打开的通道。"
    en = "No aisle stands open at {place}."


class BagInUse(Conflict):
    """A bag makes one journey at a time."""

    code = "bag_in_use"
    zh = "该转运袋正在使用中。"
    en = "That bag is on another journey."


class InAnotherBag(Conflict):
    """A volume is in one bag at a time, and a missing one stays against its carriers' names."""

    code = "in_another_bag"
    zh = "该册已在一份未了结的交接清单上。"
    en = "The volume stands on another consignment that isn't settled."


class ConsignmentNotReady(Conflict):
    """This is done at another stage of a consignment."""

    code = "consignment_not_ready"
    zh = "交接清单 {consignment} 目前{state}，不能{act}。"
    en = "Consignment {consignment} is {state_en}; it can't be {act_en} now."


class ConsignmentEmpty(Conflict):
    """An empty bag isn't sealed."""

    code = "consignment_empty"
    zh = "交接清单 {consignment} 没有档案。"
    en = "There is no dossier in consignment {consignment}."


class OtherAgencysDossier(Conflict):
    """A window acts for its own agency only, so a bag to or from it holds one agency's dossiers."""

    code = "other_agencys_dossier"
    zh = "{volume} 属于其他机构，不能与这一袋同行。"
    en = "{volume} is another agency's; it can't travel in this bag."
    rule = "holding_is_not_custody"


class NotAtThisEnd(Conflict):
    """Only what stands where the consignment starts is packed."""

    code = "not_at_this_end"
    zh = "{volume} 不在 {place}，不能装袋。"
    en = "{volume} isn't at {place}; it can't be packed there."


class NotOfTheTarget(Conflict):
    """A consignment is received where it goes."""

    code = "not_of_the_target"
    zh = "{place} 不属于 {target}，不能在此签收。"
    en = "{place} isn't part of {target}; the consignment can't be received there."


class NotAskedFor(Conflict):
    """To a window goes only what a request asks for there."""

    code = "not_asked_for"
    zh = "没有把 {volume} 送往 {place} 的已出库申请，不能装袋。"
    en = "No picked request asks for {volume} at {place}; it can't be packed."


class NotInThisBag(Conflict):
    """The dossier isn't in this bag."""

    code = "not_in_this_bag"
    zh = "{volume} 不在交接清单 {consignment} 的袋中。"
    en = "{volume} isn't in the bag of consignment {consignment}."


class SetNotChecked(Conflict):
    """A bag is sealed after its whole set was read, or counted by two with a reason."""

    code = "set_not_checked"
    zh = "{consignment} 应有 {expected} 册，读到 {read} 册；请再核对，或由两人清点并说明原因。"
    en = (
        "{consignment} expects {expected} volumes and {read} were read; check again, or count by two and give a reason."
    )


class VolumeLeftBehind(Conflict):
    """A dossier travels whole, unless two who seal the bag say why one of its volumes stays."""

    code = "volume_left_behind"
    zh = "同一份档案的 {volume} 还在 {place}，未装入 {consignment}；请装入，或说明原因。"
    en = "{volume} of the same dossier still is at {place} and not in {consignment}; put it in, or give a reason."


class SetHasStrangers(Conflict):
    """Nothing leaves that stands on no manifest."""

    code = "set_has_strangers"
    zh = "{consignment} 中读到 {strangers} 册不在清单上的档案，请取出或装袋后重新核对。"
    en = "{strangers} volumes not on the manifest were read in {consignment}; take them out or pack them, then check again."


class DiscrepancySettled(Conflict):
    """A discrepancy is settled once."""

    code = "discrepancy_settled"
    zh = "该差异已处理。"
    en = "That discrepancy is settled already."


# ── Forbidden: nobody may ────────────────────────────────────────────────────────────────────────────────────────────


class Forbidden(Refusal):
    """A rule of the trade or the law forbids it to everybody."""

    code = "forbidden"
    zh = "规定不允许此操作。"
    en = "The rules forbid this."


class ReturnSelfCarried(Forbidden):
    """What had been sent back or gone for good comes again, in the hands of the person."""

    code = "return_self_carried"
    zh = "{volume} 曾退回或转出，本人自带的不予接收；须由持有单位经机要、专人或 EMS 送达。"
    en = (
        "{volume} had been sent back or gone for good; carried by the person it isn't taken in again. "
        "Whoever has it sends it by confidential courier, staff or EMS."
    )
    rule = "self_carried_is_quarantined"


class GroundAbolished(Forbidden):
    """Papers that may no longer be asked for are no ground to refuse a dossier."""

    code = "ground_abolished"
    zh = "{papers_zh}已取消，不得索要，也不得作为不予接收的理由。"
    en = "The {papers_en} may no longer be asked for; no dossier is refused for want of it."
    rule: str | None = "no_abolished_papers"  # or the document that abolished this very paper


class GapIsNoGround(Forbidden):
    """Missing materials are promised, never a reason to send a dossier back."""

    code = "gap_is_no_ground"
    zh = "材料缺失应实行告知承诺制，不得作为不予接收的理由。"
    en = "Missing materials are accepted by notify-and-commit; no dossier is refused for them."
    rule = "gaps_by_notify_and_commit"


class SameNameIsNoProof(Forbidden):
    """Two people of one name are the norm."""

    code = "same_name_is_no_proof"
    zh = "姓名相同不能证明是同一人，须另有证明。"
    en = "The same name is never proof of the same person; other proof is needed."
    rule = "same_name_is_no_proof"


class LedgerIsForever(Forbidden):
    """An act is never changed or removed; it is corrected by another act."""

    code = "ledger_is_forever"
    zh = "保管台账只可追加，不可修改或删除；请另作更正。"
    en = "The custody ledger is append-only; record a correction instead."


class BroughtStays(Forbidden):
    """Who brought which reads, and what they said, stays on record."""

    code = "brought_stays"
    zh = "带入的读取及其来源已留存，不可修改或删除。"
    en = "Reads that were brought stay on record as they came."


class CiphersLeft(Forbidden):
    """A key goes only when nothing is left under it."""

    code = "ciphers_left"
    zh = "仍有 {count} 项只能用旧密钥解密；请先运行 guiwei key rotate --resume。"
    en = "{count} ciphers still need an older key; run guiwei key rotate --resume first."


class KeyFileOfAnotherTime(Conflict):
    """The look-up keys of the key file aren't those of the database's look-up tokens."""

    code = "key_file_of_another_time"
    zh = "密钥文件 {file} 的检索密钥为第 {keys} 代，数据库为第 {database} 代，请使用与数据库同期的密钥文件。"
    en = "The look-up keys of {file} are of generation {keys}, the database of {database}; use the file of its time."


class ThreeAdminsApart(Forbidden):
    """Whoever was one of the three administrators never becomes another of them."""

    code = "three_admins_apart"
    zh = "该账户曾任系统、安全、审计三员之一，不得改任另一员；请为此另立账户。"
    en = "That account was one of the three administrators and can't become another of them; it takes another person's account."
    rule = "three_admins_separated"


class LogKept(Forbidden):
    """Nothing of the access log goes before its time."""

    code = "log_kept"
    zh = "访问日志至少保存190天。"
    en = "The access log is kept for at least 190 days."


class NoExpulsion(Forbidden):
    """A dossier leaves because its employer or its person asks, or by retirement or death; for no other reason."""

    code = "no_expulsion"
    zh = "档案只能因用人单位或本人申请、退休或死亡转出，机构不得自行转出。"
    en = "A dossier leaves only because its employer or its person asks, or by retirement or death; no agency sends it away."
    rule = "no_expulsion"


class InitiatorIsNotDepositor(Forbidden):
    """A dossier deposited by its person isn't sent away by an employer."""

    code = "initiator_is_not_depositor"
    zh = "该档案为个人存档，用人单位不能申请转出。"
    en = "The dossier was deposited by the person; an employer can't ask for its transfer."
    rule = "transfer_by_employer_or_person"


class LoanToInstitutionsOnly(Forbidden):
    """Dossiers are lent and shown to institutions with a letter; never to a person."""

    code = "loan_to_institutions_only"
    zh = "档案只向持函件的单位借阅或查阅，不向个人借出。"
    en = "Dossiers are lent or shown to institutions that bring a letter; never to a person."
    rule = "loan_to_institutions_only"


class OfferTheScan(Forbidden):
    """Paper moves only where a scan will not do."""

    code = "offer_the_scan"
    zh = "扫描件能满足需要的，不调用原件；确需原件的，请说明理由。"
    en = "Where a scan will do, the paper stays; say why a scan won't do."
    rule = "offer_the_scan_first"


class NotOwnOrRelative(Forbidden):
    """Nobody asks for, approves or reads their own dossier or a relative's."""

    code = "not_own_or_relative"
    zh = "任何人不得经办或查阅本人及亲属的档案。"
    en = "Nobody handles or reads their own dossier or a relative's."
    rule = "not_own_or_relative"


class BorrowerBlocked(Forbidden):
    """Who hasn't brought back what is overdue borrows nothing else."""

    code = "borrower_blocked"
    zh = "{institution} 暂不能借阅：{reason}。"
    en = "{institution} can't borrow for now: {reason_en}."
    rule = "overdue_borrower_blocked"


class NoRelending(Forbidden):
    """A borrower brings a dossier back; it never goes on from there."""

    code = "no_relending"
    zh = "档案 {volume} 尚在借阅单位，须先归还，不得转借。"
    en = "{volume} is with its borrower; it comes back first and is never lent on."
    rule = "no_relending"


class NoMoreRenewals(Forbidden):
    """A loan is renewed so many times, in time, and while nobody waits."""

    code = "no_more_renewals"
    zh = "不能续借：{reason}。"
    en = "The loan can't be renewed: {reason_en}."
    rule = "renewals_limited"


class NeverSelfCarry(Forbidden):
    """No person carries a dossier, least of all their own."""

    code = "never_self_carry"
    zh = "档案不得由本人自带或由个人转递。"
    en = "A dossier is never carried by the person it is about, nor handed to any person to carry."
    rule = "never_self_carry"


class NeverByEms(Forbidden):
    """Dossiers of state staff, or going to state bodies, travel by confidential courier or with staff."""

    code = "never_by_ems"
    zh = "{because}，只能通过机要通信或派专人送取，不得使用 EMS。"
    en = "{because_en}: by confidential courier or with staff only, never by EMS."
    rule = "class_a_by_confidential_courier"


class RetirementToTownship(Forbidden):
    """A retired person's dossier goes to the township or street centre of the hukou, nowhere else."""

    code = "retirement_to_township"
    zh = "退休人员档案只移交户籍所在地街道（乡镇）服务机构。"
    en = "A retired person's dossier goes only to the township or street centre of the hukou."
    rule = "retirement_to_township_only"


class DeathToArchives(Forbidden):
    """A deceased person's dossier goes to the archives, never to relatives or anybody else."""

    code = "death_to_archives"
    zh = "死亡人员档案只移交档案馆，不得交给亲属或其他单位。"
    en = "A deceased person's dossier goes to the archives alone, never to relatives or anybody else."
    rule = "never_to_relatives"


class KeptAfterDeath(Forbidden):
    """A deceased person's dossier is kept for years before it goes."""

    code = "kept_after_death"
    zh = "死亡人员档案须保管至 {until}，之后方可移交。"
    en = "A deceased person's dossier is kept until {until} before it may go."
    rule = "death_kept_years"


class WholeNeverInParts(Forbidden):
    """All volumes of a dossier travel together."""

    code = "whole_never_in_parts"
    zh = "档案须整体转递，第 {volume} 册不在一起，不得拆分。"
    en = "A dossier travels whole; {volume} isn't with the others."
    rule = "whole_never_in_parts"


class MayNotHold(Forbidden):
    """Which agency may hold a dossier follows from where its person lives, works or worked."""

    code = "may_not_hold"
    zh = "按存档情形，该机构不能管理此档案；可以管理的机构：{agencies}。"
    en = "By where the person lives and works, that agency may not hold the dossier; those that may: {agencies_en}."
    rule = "nearest_place_override"


# ── Unavailable ──────────────────────────────────────────────────────────────────────────────────────────────────────


class TooManyRequests(Refusal):
    """An address or an account asks faster than people and their programs do."""

    code = "too_many_requests"
    zh = "请求过于频繁，请 {seconds} 秒后再试。"
    en = "Too many requests; try again in {seconds} seconds."


class Unavailable(Refusal):
    """A service Guiwei needs doesn't answer just now."""

    code = "unavailable"
    zh = "{service} 暂时不可用：{problem}。"
    en = "{service} is unavailable: {problem}."


class PrinterAway(Unavailable):
    """A label printer doesn't answer; nothing was printed."""

    code = "printer_away"
    zh = "打印机 {printer} 无法连接（{address}），没有打印任何标签；请检查电源、网络和设置。"
    en = "The printer {printer} can't be reached at {address}; nothing was printed. Look at its power, network and setting."


class PrinterStopped(Unavailable):
    """A label printer broke off while it was told what to print."""

    code = "printer_stopped"
    zh = "打印机 {printer} 中途中断，可能只打印了一部分：打出的逐张核验，没有打出的作废后重打。"
    en = "The printer {printer} broke off and may have printed a part: verify what came out, spoil the rest and print anew."


class Failed(Refusal):
    """A defect of ours; it is in the log."""

    code = "failed"
    zh = "系统出错，已记入日志；请稍后再试。"
    en = "Something failed on our side and is in the log; try again later."


class SchemaOutdated(Unavailable):
    """The database's schema isn't the one this program was written for."""

    code = "schema_outdated"
    zh = "数据库结构版本为 {present}，需要 {newest}：请先运行 guiwei db upgrade。"
    en = "The database has schema {present}, this program needs {newest}: run guiwei db upgrade first."


class PcscMissing(Unavailable):
    """The part of Guiwei that speaks to card readers isn't installed."""

    code = "pcsc_missing"
    zh = "本机未安装读卡器组件，请在程序目录执行 pip install '.[desk]'，并安装 pcscd。"
    en = "This machine lacks the part for card readers: pip install '.[desk]' in the program's directory, and install pcscd."
