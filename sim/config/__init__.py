"""What a run was asked to do: options, layers of what was said, scenario files, and the frozen model.

**To add a plain option**, two files: a row in the part of `model.py` where its value belongs, and what asks
for `config.stories.patience_s`:

    patience_s: float = row(_S.STORIES, types.duration(), "How long to wait for a tool.", 7.0)

Flag, environment variable, key of scenario files, their schema, help, `--dry-run` and misspellings come
by themselves (`tests/sim/config/test_one_row.py` tries it). **An option of the load or of workflows**,
three: the row in `Load` or `StoryOptions`, the engine that hands it down, and the executor or the workflow
that heeds it. **An option of which something else is made**, together with others: a constant in
`options.py`, and the builder (`build_*.py`) that makes it. **A type of values** that no option has yet: a
constant in `option_types.py`, and a grammar in `grammar/` where its texts are more than a word.

The way of a text: `layers.py` (one source, and where it was said) → `merged.py` (what wins) → `build.py`
(checks that need more than one option) → `model.py`.
"""
