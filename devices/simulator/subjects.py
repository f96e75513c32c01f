"""People who don't exist: plausible names of Shandong, valid ID numbers, employers. All vectorised, from a seed."""

from itertools import product
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Texts: TypeAlias = NDArray[np.str_]
Bytes: TypeAlias = NDArray[np.uint8]
Chance: TypeAlias = np.random.Generator

# Commonest surnames of Shandong and their share, in thousandths; rounded from published name statistics.
_COMMON = (
    "王92 李78 张77 刘72 孙31 赵30 陈27 杨26 徐21 马19 高18 朱17 于16 郭15 宋15 韩14 周13 吴13 胡11 林10 董10 崔9 姜9 "
    "曹9 吕9 苏8 丁8 侯8 孟8 冯7 邢7 任7 杜7 谢7 田7 石7 魏7 唐6 袁6 程6 蒋6 毕5 尹5 许5 郑5 梁5 贾5 潘5 史5 夏5 黄12 "
    "何6 罗4 沈3 宫4 迟3 曲4 隋3 柳3 尚3 段4 范4 鲁3 薛4 秦4 纪3 康3 白3 付4 刁2 庞3 邹3 鞠2 滕2 阎2 展2"
)
# What the search must cope with: rare in Shandong or only there, read otherwise than written, of two characters.
_RARE = "亓 逄 綦 禚 仉 訾 郇 单 仇 解 查 曾 区 盖 牟 尉迟 万俟 欧阳 诸葛 司马 上官 皇甫 公孙 令狐 淳于"
_RARE_SHARE = 0.04

_BOYS = "伟强磊军勇杰涛超明刚平辉鹏华建国庆林峰东海波宁斌浩宇轩博文志远立新光泽民俊凯旭亮振兴德忠义诚瑞祥坤鲁岱岳𬭎"
_GIRLS = "芳娜敏静丽艳娟霞秀英玲桂兰红梅燕莉萍洁琳雪倩颖慧晶欣怡佳雅婷悦萌宁春花淑珍爱凤云香蕾薇璐瑶妍洋"
_SINGLE_SHARE = 0.22

# Names with a separator, as Uygur and Kazakh people in Shandong write them.
_MINORITY_GIVEN = "阿迪力 古丽娜尔 买买提 阿依古丽 热合曼 努尔兰 帕提古丽 艾克拜尔 迪丽努尔 吐尔逊 哈丽旦 木拉提"
_MINORITY_FATHER = "买买提 艾合买提 吐尔逊 阿不都拉 热西提 赛买提 玉素甫 托合提 依明江 巴合提"
_MINORITY_SHARE = 0.004

# Divisions that issued the ID numbers, with weights; 371202 (Laiwu) and 370181 (Zhangqiu) exist no more.
_DIVISIONS = (
    "370102:8 370103:8 370104:6 370105:7 370112:14 370113:9 370114:4 370181:12 370125:9 370124:4 370126:4 371202:3 "
    "370303:1 370602:1 370702:1 370802:1 370902:2 371302:1 371402:2 371502:1 372901:1 130102:1 410102:1"
)
_BORN_YEARS = (1945.0, 1983.0, 2005.0)  # earliest, commonest, latest
_ID_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_ID_CHECK_CHARACTERS = np.frombuffer(b"10X98765432", np.uint8)
_ORDER_CODES = 1000
_REDRAWS_MAX = 50

_TOWNS = "济南 山东 历城 长清 章丘 济阳 泉城 齐鲁"
_FIRMS = "鲁信 泰岳 明湖 趵突 华泉 大舜 龙山 绣源 黄台 东岳 海右 千佛 汇泉 洪楼 济水 恒升 瑞康 德邦 正泰 永安"
_TRADES = "机械制造 建筑工程 信息技术 物流 纺织 食品 医药 化工 置业 餐饮管理 人力资源 环保科技 商贸 电力设备"


class People(NamedTuple):
    """So many persons: names, birth dates and citizen ID numbers (18 ASCII characters each), in the same order."""

    name: Texts
    born_on: NDArray[np.datetime64]
    id_number: NDArray[np.bytes_]


def people(count: int, chance: Chance) -> People:
    """Draw `count` persons; no two have the same ID number."""
    is_man = chance.random(count) < 0.52  # noqa: PLR2004 - somewhat more men than women have a dossier kept
    born_on = _birth_dates(count, chance)
    return People(_names(is_man, chance), born_on, _id_numbers(born_on, is_man, chance))


def employers() -> tuple[str, ...]:
    """Every employer there is; the first is none."""
    parts = product(_TOWNS.split(), _FIRMS.split(), _TRADES.split())
    return ("", *(f"{town}{firm}{trade}有限公司" for town, firm, trade in parts))


def _names(is_man: NDArray[np.bool_], chance: Chance) -> Texts:
    count = len(is_man)
    common = [(entry[0], float(entry[1:])) for entry in _COMMON.split()]
    rare = _RARE.split()
    weights = np.array([weight for _, weight in common])
    shares = np.concatenate([weights / weights.sum() * (1 - _RARE_SHARE), np.full(len(rare), _RARE_SHARE / len(rare))])
    surnames = chance.choice(np.array([surname for surname, _ in common] + rare), count, p=shares)

    def given() -> Texts:
        boys, girls = (chance.choice(np.array(list(characters)), count) for characters in (_BOYS, _GIRLS))
        return np.where(is_man, boys, girls)

    second = np.where(chance.random(count) < _SINGLE_SHARE, "", given())
    written = np.strings.add(np.strings.add(surnames, given()), second)
    minority = np.strings.add(
        chance.choice(np.array([f"{name}·" for name in _MINORITY_GIVEN.split()]), count),
        chance.choice(np.array(_MINORITY_FATHER.split()), count),
    )
    return np.where(chance.random(count) < _MINORITY_SHARE, minority, written)


def _birth_dates(count: int, chance: Chance) -> NDArray[np.datetime64]:
    days = ((chance.triangular(*_BORN_YEARS, count) - 1970) * 365.2425).astype(np.int64)
    return np.datetime64("1970-01-01", "D") + days.astype("timedelta64[D]")


def _id_numbers(born_on: NDArray[np.datetime64], is_man: NDArray[np.bool_], chance: Chance) -> NDArray[np.bytes_]:
    """Division, birth date, order code (odd for men) and the check character of GB 11643."""
    count = len(born_on)
    codes, weights = zip(*(entry.split(":") for entry in _DIVISIONS.split()), strict=True)
    shares = np.array(weights, float)
    divisions = chance.choice(np.array(codes, int), count, p=shares / shares.sum())
    dates = np.strings.replace(np.datetime_as_string(born_on, "D"), "-", "").astype(np.int64)
    head = divisions * 10**8 + dates
    orders = _orders(is_man, chance)
    for _ in range(_REDRAWS_MAX):
        number = head * _ORDER_CODES + orders
        first = np.unique(number, return_index=True)[1]
        if len(first) == count:
            break
        taken = np.ones(count, bool)
        taken[first] = False
        orders[taken] = _orders(is_man[taken], chance)
    figures = digits(number, 17)
    check = _ID_CHECK_CHARACTERS[(figures - ord("0")).astype(np.int64) @ _ID_WEIGHTS % 11]
    return as_text(np.hstack([figures, check[:, None]]))


def _orders(is_man: NDArray[np.bool_], chance: Chance) -> NDArray[np.int64]:
    return chance.integers(0, _ORDER_CODES // 2, len(is_man)) * 2 + is_man


def digits(numbers: NDArray[np.int64], width: int) -> Bytes:
    """Each number as `width` ASCII digits with leading zeros; shape (numbers, width)."""
    figures = np.empty((len(numbers), width), np.uint8)
    rest = numbers.copy()
    for column in reversed(range(width)):
        rest, figures[:, column] = np.divmod(rest, 10)
    return figures + np.uint8(ord("0"))


def as_text(characters: Bytes) -> NDArray[np.bytes_]:
    """Rows of ASCII codes as an array of byte strings."""
    return np.ascontiguousarray(characters).view(f"S{characters.shape[1]}")[:, 0]
