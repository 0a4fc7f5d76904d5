"""What secrets look like in texts, whatever is said about them.

No pattern looks at a place of a text more than a bounded number of times, whatever the text.
"""

from __future__ import annotations

import re

from sim.recording.recorded_lines import HIDDEN

SUSPICIOUS = (
    *(b"pass", b"token", b"secret", b"auth", b"cookie", b"credential", b"api", b"private", b"access"),
    *(b"kennwort", b"contrase", b"wachtwoord", b"senha", b"pin", b"otp", b"mfa", b"pwd", b"pw", b"jwt"),
    *(b"bearer", b"basic", b"eyj", b"login/v2", b"code=", b"\\u00", b"/s/", b"key=", b"sig=", b"signature="),
    *(b"sid=", b"session", b"-u ", b"--user", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat"),
    *(b"glpat-", b"sk-", b"xox", b"akia", b"aiza"),
)
"""In lower case: what has a secret holds one of these, or looks like user info. Escapes may hide letters."""
_USER_INFO_BYTES = re.compile(rb"://[^/\s\"]*@")
_APP_PASSWORD_BYTES = re.compile(rb"[A-Za-z0-9]{5}(?:-[A-Za-z0-9]{5}){4}")

_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL
)
_WHOLE = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    # A JWT; an app password of Nextcloud; keys of others, by their beginnings.
    r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*"
    r"|[A-Za-z0-9]{5}(?:-[A-Za-z0-9]{5}){4}(?![A-Za-z0-9-])"
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|sk-[A-Za-z0-9_-]{20,}|xox[abeprs]-[A-Za-z0-9-]{10,}|AKIA[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{35}"
    r")"
)
_IN_ADDRESSES = re.compile(r"(?<=/login/v2/flow/)[A-Za-z0-9]{8,}|(?<=stateToken=)[A-Za-z0-9]{8,}")
_SCHEME = re.compile(r"(?i)\b(bearer|basic)(\s+|%20|\+)([A-Za-z0-9._~+/%-]{8,}=*)")
_USER_INFO = re.compile(r"(?<=://)([^/\s\"'@:]*):([^/\s\"'@]+)@")
_OPTION = re.compile(r"(?<![\w-])(-u|--user)([ =]{1,2})([^\s:\"']{1,100}):([^\s\"']+)")
"""`curl -u bob:secret`."""
_QUERY = re.compile(
    r"(?i)(?<=[?&;#])(key|sig|signature|x-(?:amz|goog)-signature|pass|pw|auth|sid|session(?:_?id)?)=([^&#\s\"'<>]+)"
)
_COOKIES = re.compile(
    r"(?i)\b((?:set-)?cookies?[\"']?\s{0,2}:\s{0,2}[\"']?)(?=[^\r\n\"'=]{1,100}=)[^\r\n\"']+"
)
SHARE_LINK = re.compile(r"(?<=/s/)[A-Za-z0-9]{15}(?![A-Za-z0-9])")
"""The token of a public link of Nextcloud."""


def may_hold_secrets(raw: bytes) -> bool:
    """Whether it is worth a closer look: most lines are not."""
    plain = raw.lower()
    if any(word in plain for word in SUSPICIOUS) or _USER_INFO_BYTES.search(raw):
        return True
    return raw.count(b"-") > 3 and _APP_PASSWORD_BYTES.search(raw) is not None


def without_looks(text: str) -> str:
    """`text` without what looks like a credential."""
    text = _KEY_BLOCK.sub(HIDDEN, text)
    text = _WHOLE.sub(HIDDEN, text)
    text = _COOKIES.sub(rf"\1{HIDDEN}", text)
    text = _SCHEME.sub(rf"\1\2{HIDDEN}", text)
    text = _USER_INFO.sub(rf"\1:{HIDDEN}@", text)
    text = _OPTION.sub(rf"\1\2\3:{HIDDEN}", text)
    text = _QUERY.sub(rf"\1={HIDDEN}", text)
    return _IN_ADDRESSES.sub(HIDDEN, text)
