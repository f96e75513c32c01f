"""Roles given and withdrawn, and accounts made."""

TEXTS = {
    "nav.roles": ("授权", "Roles"),
    "roles.title": ("授权", "Roles"),
    "roles.note": (
        "授予或收回角色即时生效，并结束该账户的会话和令牌。不得为自己授权；三员互不兼任。",
        "A change counts at once and ends the account's sessions and tokens. Never your own; no administrator becomes another.",
    ),
    "roles.form": ("授予或收回角色", "Give or withdraw a role"),
    "roles.login": ("账户", "Account"),
    "roles.role": ("角色", "Role"),
    "roles.agency": ("所属机构", "Agency"),
    "roles.agency.hint": ("窗口经办人和机构负责人必填。", "For window clerks and agency heads."),
    "roles.institution": ("单位", "Institution"),
    "roles.institution.hint": ("查借阅单位必填。", "For borrowers."),
    "roles.window": ("窗口", "Window"),
    "roles.window.hint": ("窗口经办人只在此窗口办理。", "Where a window clerk works, and nowhere else."),
    "roles.reason": ("依据", "Why"),
    "roles.button": ("保存授权", "Keep this"),
    "roles.given": (
        "{login} 的角色已变更，其会话和令牌已结束。",
        "The role of {login} is changed; their sessions and tokens have ended.",
    ),
    "roles.since": ("最近变更", "Since"),
    "roles.locked": ("已锁定", "locked"),
    "roles.history": ("变更记录", "What was changed"),
    "roles.by_command": ("命令行", "the command line"),
    "accounts.new": ("新账户", "A new account"),
    "accounts.password": ("初始密码", "First password"),
    "accounts.password.hint": (
        "至少 {least} 个字符；本人首次登录时须更改。",
        "At least {least} characters; its holder changes it at the first sign-in.",
    ),
    "accounts.make": ("建立账户", "Make it"),
    "accounts.made": (
        "{login} 已建立；安全管理员授权后方可办理业务。",
        "{login} is there; it may do nothing until the security administrator gives it a role.",
    ),
}
