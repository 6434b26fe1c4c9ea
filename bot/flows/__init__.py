"""The flows of this office, one file each; `FLOWS` lists them by name."""

from bot.dialog.flow import Flow
from bot.flows import leave_phone, talk_to_staff

FLOWS: dict[str, Flow] = {flow.name: flow for flow in (talk_to_staff.FLOW, leave_phone.FLOW)}
