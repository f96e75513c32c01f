"""Signing in and out."""

TEXTS = {
    "sign_in.title": ("登录", "Sign in"),
    "sign_in.login": ("用户名", "User name"),
    "sign_in.password": ("密码", "Password"),
    "sign_in.button": ("登录", "Sign in"),
    "sign_in.note": ("每次查看档案均有记录。", "Every look at a dossier is logged."),
    "sign_out": ("退出", "Sign out"),
}
