"""What stands on the pages, by language. A program that looks for English words finds none in most of them."""

# ruff: noqa: E501 (a table reads best with one row a line)

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "log in": {"en": "Log in", "de": "Anmelden", "fr": "Se connecter", "ja": "ログイン"},
    "log in to": {
        "en": "Log in to Nextcloud",
        "de": "Bei Nextcloud anmelden",
        "fr": "Se connecter à Nextcloud",
        "ja": "Nextcloud にログイン",
    },
    "name": {
        "en": "Account name or email",
        "de": "Kontoname oder E-Mail-Adresse",
        "fr": "Nom du compte ou e-mail",
        "ja": "アカウント名またはメール",
    },
    "password": {"en": "Password", "de": "Passwort", "fr": "Mot de passe", "ja": "パスワード"},
    "app password": {
        "en": "App password",
        "de": "App-Passwort",
        "fr": "Mot de passe d'application",
        "ja": "アプリのパスワード",
    },
    "show password": {
        "en": "Show password",
        "de": "Passwort anzeigen",
        "fr": "Afficher le mot de passe",
        "ja": "パスワードを表示",
    },
    "forgot": {
        "en": "Forgot password?",
        "de": "Passwort vergessen?",
        "fr": "Mot de passe oublié ?",
        "ja": "パスワードをお忘れですか？",
    },
    "invalidpassword": {
        "en": "Wrong login or password.",
        "de": "Falscher Anmeldename oder falsches Passwort.",
        "fr": "Identifiant ou mot de passe erroné.",
        "ja": "ログイン名またはパスワードが間違っています。",
    },
    "csrfCheckFailed": {
        "en": "Temporary error. Please try again.",
        "de": "Vorübergehender Fehler. Bitte erneut versuchen.",
        "fr": "Erreur temporaire. Veuillez réessayer.",
        "ja": "一時的なエラーです。再試行してください。",
    },
    "invalidOrigin": {
        "en": "Invalid origin. Please try again.",
        "de": "Ungültige Herkunft. Bitte erneut versuchen.",
        "fr": "Origine non valide. Veuillez réessayer.",
        "ja": "不正な送信元です。再試行してください。",
    },
    "throttled": {
        "en": "Too many requests from your network. Retry later.",
        "de": "Zu viele Anfragen aus deinem Netzwerk. Später erneut versuchen.",
        "fr": "Trop de requêtes depuis votre réseau. Réessayez plus tard.",
        "ja": "ネットワークからの要求が多すぎます。",
    },
    "authorize": {
        "en": "Authorization request",
        "de": "Autorisierungsanfrage",
        "fr": "Demande d'autorisation",
        "ja": "承認の要求",
    },
    "asks": {
        "en": "asks for access to your account.",
        "de": "bittet um Zugriff auf dein Konto.",
        "fr": "demande l'accès à votre compte.",
        "ja": "がアカウントへのアクセスを求めています。",
    },
    "allow": {"en": "Allow", "de": "Erlauben", "fr": "Autoriser", "ja": "許可"},
    "deny": {"en": "Deny", "de": "Ablehnen", "fr": "Refuser", "ja": "拒否"},
    "connect": {
        "en": "Connect to your account",
        "de": "Mit deinem Konto verbinden",
        "fr": "Connexion à votre compte",
        "ja": "アカウントに接続",
    },
    "picker": {
        "en": "Please log in first. It asks for access:",
        "de": "Bitte melde dich zuerst an. Zugriff möchte:",
        "fr": "Veuillez d'abord vous connecter. Accès demandé par :",
        "ja": "先にログインしてください。アクセスを求めているのは：",
    },
    "alternative": {
        "en": "Alternative log in using app password",
        "de": "Alternative Anmeldung mit App-Passwort",
        "fr": "Autre connexion avec un mot de passe d'application",
        "ja": "アプリのパスワードでログイン",
    },
    "grant": {
        "en": "Grant access",
        "de": "Zugriff gewähren",
        "fr": "Autoriser l'accès",
        "ja": "アクセスを許可",
    },
    "account access": {
        "en": "Account access",
        "de": "Kontozugriff",
        "fr": "Accès au compte",
        "ja": "アカウントへのアクセス",
    },
    "logged in as": {
        "en": "You are logged in as",
        "de": "Du bist angemeldet als",
        "fr": "Vous êtes connecté en tant que",
        "ja": "ログイン中：",
    },
    "connected": {
        "en": "Account connected",
        "de": "Konto verbunden",
        "fr": "Compte connecté",
        "ja": "アカウントが接続されました",
    },
    "close": {
        "en": "You can close this window.",
        "de": "Du kannst dieses Fenster schließen.",
        "fr": "Vous pouvez fermer cette fenêtre.",
        "ja": "このウィンドウを閉じてください。",
    },
    "refused": {
        "en": "Access refused",
        "de": "Zugriff verweigert",
        "fr": "Accès refusé",
        "ja": "アクセスが拒否されました",
    },
    "redirected": {
        "en": "You are being redirected.",
        "de": "Du wirst weitergeleitet.",
        "fr": "Redirection en cours.",
        "ja": "転送しています。",
    },
}

LANGUAGES = ("en", "de", "fr", "ja")


def said(key: str, language: str) -> str:
    """The word for `key`."""
    return WORDS[key][language]


def chosen_language(accept_language: str) -> str:
    """The first language of a browser's list that is spoken here (RFC 9110 12.5.4, without weights)."""
    for piece in accept_language.split(","):
        language = piece.partition(";")[0].strip().lower().partition("-")[0]
        if language in LANGUAGES:
            return language
    return "en"
