"""Stand-in, to be replaced: captions of the report's parts."""

from generality.study import FIGURES, NUMBERS, TABLES, Study


def captions(study: Study) -> dict[str, dict[str, str]]:
    """Title, name, category and text of each part of the study's report, by part, in display order."""
    kinds = [(FIGURES, "Figures"), (TABLES, "Tables"), (NUMBERS, "Findings")]
    found = {}
    for parts, category in kinds:
        for part in parts:
            if part in study.config["report"]:
                title = part.capitalize() if category == "Findings" else f"{category[:-1]} {part.lstrip('figuretabl')}"
                shown = ", ".join(study.shown(part))
                text = f"About {shown}. What it means, and under which settings, is said here."
                found[part] = {"title": title, "name": f"of {shown}", "category": category, "text": text}
    return found
