"""What a run made, and how it is removed again.

`ledger` names it on disk before it exists, `things` know each kind of it, `remover` works through a
ledger, `command` is `simulate cleanup`. A further kind of thing is one file in `things`.
"""
