"""What can be wrong with the ledger, each in one sentence for people, in Chinese and English."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that doesn't hold. kind: act, command, checkpoint, key, holding, receipt, root. about: which one, as `W1 #17`."""

    kind: str
    about: str
    zh: str
    en: str

    @classmethod
    def act(cls, warehouse: str, sequence: int, zh: str, en: str) -> "Fault":
        """An entry of a warehouse's chain, or the place where one should be."""
        about = f"{warehouse} #{sequence}"
        return cls("act", about, f"账本 {about}：{zh}。", f"The ledger at {about}: {en}.")

    @classmethod
    def command(cls, about: str, zh: str, en: str) -> "Fault":
        """A command, or an entry of the commands' chain."""
        return cls("command", about, f"命令 {about}：{zh}。", f"The command {about}: {en}.")

    @classmethod
    def checkpoint(cls, warehouse: str, number: int, zh: str, en: str) -> "Fault":
        """A signed root."""
        about = f"{warehouse} #{number}"
        return cls("checkpoint", about, f"检查点 {about}：{zh}。", f"The checkpoint {about}: {en}.")

    @classmethod
    def key(cls, key_id: str, zh: str, en: str) -> "Fault":
        """A key of the file of pinned keys."""
        return cls("key", key_id, f"签名密钥 {key_id}：{zh}。", f"The signing key {key_id}: {en}.")

    @classmethod
    def holding(cls, volume: str) -> "Fault":
        """A volume that isn't where the ledger says, or not as it says."""
        zh, en = f"{volume} 的所在与账本不符。", f"The holding of {volume} isn't what the ledger says."
        return cls("holding", volume, zh, en)

    @classmethod
    def receipt(cls, about: str, zh: str, en: str) -> "Fault":
        """A checkpoint that was noted outside of the database."""
        return cls("receipt", about, f"检查点存根 {about}：{zh}。", f"The receipt of checkpoint {about}: {en}.")

    @classmethod
    def root(cls, digits: str) -> "Fault":
        """A root from a paper that nothing of the ledger has."""
        zh = f"账本中没有纸上的根 {digits}：其后的记录被删改过。"
        en = f"The root {digits} isn't in the ledger: what it stood for was cut away or rewritten."
        return cls("root", digits, zh, en)

    def __str__(self) -> str:
        return f"{self.zh} {self.en}"
