"""What Guiwei does on its own (`guiwei jobs`), when each job is due, and how its result reads. Pure.

A job is one row of `JOBS`, the same name in a migration's `job`, and one method of `guiwei.job_work`.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from inventory.domain.words import Word

STEADY_BELOW = timedelta(minutes=1)  # what comes round faster isn't told turn by turn
NOTED_EVERY = timedelta(seconds=30)  # but so often
HISTORY_SPAN = timedelta(hours=1)  # and what it did within so long is one row of the history
HISTORY_ROWS_MAX = 100  # of one job
RETRY_AFTER = timedelta(minutes=1)  # a job that failed, or that waits for something, is looked at again


class JobName(Word):
    """A job."""

    BELIEFS = "beliefs", "位置推断", "beliefs"
    BROUGHT = "brought", "带入的读取", "reads brought by hand"
    DISCREPANCIES = "discrepancies", "差异随账更新", "discrepancies settled by facts"
    AUDITS = "audits", "盘点", "audits"
    READERS = "readers", "读写器健康", "readers' health"
    CLOSE = "close", "日终判定", "nightly close"
    CHECKPOINT = "checkpoint", "账本检查点", "ledger checkpoint"
    REMINDERS = "reminders", "逾期与回执催办", "overdue and receipt chases"
    PARTITIONS = "partitions", "读取证据分区", "partitions of evidence"
    STATISTICS = "statistics", "统计信息", "statistics"
    ACCESS_LOG = "access_log", "访问日志封存", "access log sealed"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a job is due: so long after its last turn, or at a time of every local day."""

    every: timedelta | None = None
    at: time | None = None

    def after(self, moment: datetime, zone: tzinfo) -> datetime:
        """The first time after a moment; what was missed until then isn't made up for one by one."""
        if self.at is None:
            assert self.every is not None
            return moment + self.every
        local = moment.astimezone(zone)
        due = datetime.combine(local.date(), self.at, zone)
        if due <= local:
            due = datetime.combine(local.date() + timedelta(days=1), self.at, zone)
        return due.astimezone(moment.tzinfo)

    @property
    def is_steady(self) -> bool:
        """Whether it comes round so fast that its turns aren't told one by one."""
        return self.every is not None and self.every < STEADY_BELOW


@dataclass(frozen=True, slots=True)
class JobRule:
    """A job's schedule, and the sentences that its numbers fill in."""

    schedule: Schedule
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class Done:
    """What one turn came to: its numbers, none where there was nothing to do. again: when it is to be looked at again."""

    numbers: Mapping[str, int]
    again: timedelta | None = None


NOTHING = Done({})


def _every(seconds: int) -> Schedule:
    return Schedule(every=timedelta(seconds=seconds))


# The times of day are the warehouse's own. Statistics come when the close and its audits are done.
JOBS: dict[JobName, JobRule] = {
    JobName.BELIEFS: JobRule(_every(2), "更新 {changed} 条推断", "{changed} beliefs changed"),
    JobName.BROUGHT: JobRule(_every(2), "计入 {reads} 次读取", "{reads} reads taken in"),
    JobName.DISCREPANCIES: JobRule(
        _every(10), "{over} 件差异已由事实核销", "{over} discrepancies are over by the facts"
    ),
    JobName.AUDITS: JobRule(
        _every(3),
        "提出 {asked} 次、判定 {judged} 次盘点，发现 {findings} 项",
        "{asked} audits asked for, {judged} judged, {findings} findings",
    ),
    JobName.READERS: JobRule(
        _every(60), "新报 {opened} 台无声或时钟不准", "{opened} readers newly silent or with their clock off"
    ),
    JobName.CLOSE: JobRule(
        Schedule(at=time(0, 0)),
        "模型版本 {model}；错架 {elsewhere}、未见 {missing}、未定 {undecided}；新差异 {opened}、核销 {closed}",
        "model version {model}; elsewhere {elsewhere}, missing {missing}, undecided {undecided}; "
        "discrepancies opened {opened}, closed {closed}",
    ),
    JobName.CHECKPOINT: JobRule(Schedule(at=time(0, 1)), "签署 {signed} 个检查点", "{signed} checkpoints signed"),
    JobName.REMINDERS: JobRule(
        _every(900),
        "逾期 {overdue}，催回执 {chased}，疑似遗失 {escalated}",
        "overdue {overdue}, receipts chased {chased}, losses suspected {escalated}",
    ),
    JobName.PARTITIONS: JobRule(_every(3600), "新建 {made} 个分区", "{made} partitions made"),
    JobName.STATISTICS: JobRule(Schedule(at=time(3, 30)), "分析 {tables} 张表", "{tables} tables analysed"),
    JobName.ACCESS_LOG: JobRule(
        _every(3600),
        "封存 {sealed} 天，清除到期 {removed} 条",
        "{sealed} days sealed, {removed} entries past their time removed",
    ),
}


def says(name: JobName, numbers: Mapping[str, int], language: str) -> str:
    """A result as a sentence, in `zh` or `en`; what an earlier version didn't count is 0."""
    if not numbers:
        return "无事可做" if language == "zh" else "nothing to do"
    rule = JOBS[name]
    return (rule.zh if language == "zh" else rule.en).format_map(defaultdict(int, numbers))
