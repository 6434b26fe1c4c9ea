"""The engine: (flow, run, answer) → what comes next. Pure and total; it touches nothing."""

from typing import assert_never

from bot.dialog.flow import (
    BACK,
    CANCEL,
    SKIP,
    Answer,
    Ask,
    AskPlace,
    AskText,
    Choose,
    Finished,
    Flow,
    Left,
    Pick,
    PlaceAnswer,
    Run,
    Step,
    TapAnswer,
    TextAnswer,
    Turn,
    Value,
    flow_payload,
)


def begin(flow: Flow, run_id: str, answers: dict[str, Value] | None = None) -> Turn:
    """Starts a run at its first step that is not yet answered."""
    return _ask_next(flow, Run(flow=flow.name, run_id=run_id, step=flow.steps[0].name, answers=answers or {}))


def repeat(flow: Flow, run: Run, problem: str | None = None) -> Turn:
    """Puts the current step again; begins anew when this version no longer has it."""
    place = flow.index(run.step)
    if place is None:
        return begin(flow, run.run_id)
    return _ask(flow, flow.steps[place], run, problem)


def advance(flow: Flow, run: Run, answer: Answer) -> Turn:
    """Takes an answer. One that does not fit, or a button of an older step or run, repeats the question."""
    place = flow.index(run.step)
    if place is None:
        return begin(flow, run.run_id)
    step = flow.steps[place]
    match answer:
        case TapAnswer(value=value) if answer.run_id == run.run_id and value == BACK:
            return back(flow, run)
        case TapAnswer() if answer.run_id != run.run_id or answer.step != step.name:
            return _ask(flow, step, run)
        case _:
            pass
    match step:
        case AskText():
            return _take_text(flow, step, run, answer)
        case Choose():
            return _take_choice(flow, step, run, answer)
        case Pick():
            return _take_pick(flow, step, run, answer)
        case AskPlace():
            return _take_place(flow, step, run, answer)
        case _:
            assert_never(step)


def ask_again(flow: Flow, run: Run, step_name: str) -> Turn:
    """Puts an answered step again; what came after it stays answered."""
    kept = {name: value for name, value in run.answers.items() if name != step_name}
    place = flow.index(step_name)
    if place is None:
        return begin(flow, run.run_id)
    return _ask(flow, flow.steps[place], Run(flow=run.flow, run_id=run.run_id, step=step_name, answers=kept))


def back(flow: Flow, run: Run) -> Turn:
    """One step back; out of the flow from the first one."""
    place = flow.index(run.step)
    if not place:
        return Left()
    earlier = flow.steps[place - 1]
    kept = {name: value for name, value in run.answers.items() if name != earlier.name}
    return _ask(flow, earlier, Run(flow=run.flow, run_id=run.run_id, step=earlier.name, answers=kept))


def current_step(flow: Flow, run: Run) -> Step | None:
    """The step the run stands at; None when this version no longer has it."""
    place = flow.index(run.step)
    return None if place is None else flow.steps[place]


def _take_text(flow: Flow, step: AskText, run: Run, answer: Answer) -> Turn:
    match answer:
        case TapAnswer(value=value) if value == SKIP and step.skip:
            return _answered(flow, step, run, None)
        case TextAnswer(text=text, message_id=message_id):
            problem = step.check(text) if step.check else None
            if problem:
                return _ask(flow, step, run, problem)
            return _answered(flow, step, run, message_id)
        case _:
            return _ask(flow, step, run)


def _take_choice(flow: Flow, step: Choose, run: Run, answer: Answer) -> Turn:
    match answer:
        case TapAnswer(value=value) if any(option.value == value for option in step.options):
            return _answered(flow, step, run, value)
        case _:
            return _ask(flow, step, run, "dialog.tap_please" if isinstance(answer, TextAnswer) else None)


def _take_pick(flow: Flow, step: Pick, run: Run, answer: Answer) -> Turn:
    match answer:
        case TapAnswer(value=value):
            return _answered(flow, step, run, value)
        case TextAnswer():
            return _ask(flow, step, run, "dialog.tap_please")
        case PlaceAnswer():
            return _ask(flow, step, run)
        case _:
            assert_never(answer)


def _take_place(flow: Flow, step: AskPlace, run: Run, answer: Answer) -> Turn:
    match answer:
        case TapAnswer(value=value) if value == SKIP:
            return _answered(flow, step, run, None)
        case PlaceAnswer(message_id=message_id):
            return _answered(flow, step, run, message_id)
        case TextAnswer(text=text, message_id=message_id):
            problem = step.check(text) if step.check else None
            if problem:
                return _ask(flow, step, run, problem)
            return _answered(flow, step, run, message_id)
        case _:
            return _ask(flow, step, run)


def _answered(flow: Flow, step: Step, run: Run, value: Value) -> Turn:
    answers = {**run.answers, step.name: value}
    return _ask_next(flow, Run(flow=run.flow, run_id=run.run_id, step=step.name, answers=answers))


def _ask_next(flow: Flow, run: Run) -> Turn:
    for step in flow.steps:
        if step.name not in run.answers:
            here = Run(flow=run.flow, run_id=run.run_id, step=step.name, answers=run.answers)
            return _ask(flow, step, here)
    return Finished(run=run)


def _ask(flow: Flow, step: Step, run: Run, problem: str | None = None) -> Ask:
    options: list[tuple[str, str]] = []
    match step:
        case Choose():
            options += [(flow_payload(run, option.value), option.label) for option in step.options]
        case AskText(skip=skip) | AskPlace(skip=skip) if skip:
            options.append((flow_payload(run, SKIP), skip))
        case AskText() | AskPlace() | Pick():
            pass
    if flow.index(step.name):
        options.append((flow_payload(run, BACK), "dialog.back"))
    options.append((flow_payload(run, CANCEL), "dialog.cancel"))
    return Ask(run=run, prompt=step.prompt, options=tuple(options), problem=problem)
