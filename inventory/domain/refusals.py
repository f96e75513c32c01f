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


class WrongKindOfPlace(BadInput):
    """This act doesn't lead to a place of that kind."""

    code = "wrong_kind_of_place"
    zh = "“{act}”不能到 {place}（{kind}）。"
    en = "'{act_en}' can't lead to {place} (a {kind_en})."


class SameVolumeTwice(BadInput):
    """One command names a volume at most once."""

    code = "same_volume_twice"
    zh = "同一批次中档案重复出现。"
    en = "The same volume stands twice in one command."


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


class ForeignRequest(NotAllowed):
    """The request comes from another site's page."""

    code = "foreign_request"
    zh = "请求来自其他网站，已拒绝。"
    en = "The request came from another site and was refused."


class SearchByNumberOnly(NotAllowed):
    """Who sees masked persons may not find them by name."""

    code = "search_by_number_only"
    zh = "您的角色只能按档案编号或标签检索。"
    en = "Your role finds dossiers by number or tag only."


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


class PlaceNotFound(NotFound):
    """No such place."""

    code = "place_not_found"
    zh = "未找到所在 {place}。"
    en = "There is no place {place}."


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


class NoSuchAddress(NotFound):
    """Nothing is served at that address."""

    code = "no_such_address"
    zh = "没有这个页面。"
    en = "There is no such page."


# ── Conflict ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Conflict(Refusal):
    """The world is not as the request supposes; look again and decide anew."""

    code = "conflict"
    zh = "与现有数据冲突。"
    en = "This conflicts with what is recorded."


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


# ── Forbidden: nobody may ────────────────────────────────────────────────────────────────────────────────────────────


class Forbidden(Refusal):
    """A rule of the trade or the law forbids it to everybody."""

    code = "forbidden"
    zh = "规定不允许此操作。"
    en = "The rules forbid this."


class LedgerIsForever(Forbidden):
    """An act is never changed or removed; it is corrected by another act."""

    code = "ledger_is_forever"
    zh = "保管台账只可追加，不可修改或删除；请另作更正。"
    en = "The custody ledger is append-only; record a correction instead."


# ── Unavailable ──────────────────────────────────────────────────────────────────────────────────────────────────────


class Unavailable(Refusal):
    """A service Guiwei needs doesn't answer just now."""

    code = "unavailable"
    zh = "{service} 暂时不可用：{problem}。"
    en = "{service} is unavailable: {problem}."


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
