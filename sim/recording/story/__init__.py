"""From a recording to the text of a workflow, as a person would write it."""
