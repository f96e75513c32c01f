"""Acts and the evidence told with them."""

from inventory.domain.details import CHANNELS_IN
from inventory.domain.registers import DepositType

ASKED_AS = {
    "detail.channel.{}": CHANNELS_IN,
    "detail.seal_found.{}": ("intact", "broken"),
    "detail.deposit_type.{}": DepositType,
}

TEXTS = {
    "detail.channel.confidential": ("机要通信", "confidential courier"),
    "detail.channel.staff": ("专人送取", "designated staff"),
    "detail.channel.ems": ("EMS 等回执邮件", "EMS or other receipted mail"),
    "detail.seal_found.intact": ("完好", "intact"),
    "detail.seal_found.broken": ("破损", "broken"),
    "detail.deposit_type.employer": ("单位存档", "by the employer"),
    "detail.deposit_type.individual": ("个人存档", "by the person"),
}
