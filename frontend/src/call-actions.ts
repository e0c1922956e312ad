// What can be done with a call, most likely first; the phone system and the state of the call decide.
import type { PbxElement } from "./base";
import type { IconName } from "./icons";
import type { Word } from "./words";
import { myLeg, phonesOf, type Account, type Call, type Mine } from "./model";

export interface CallAction {
  /** What the button is called in the words of the page. */
  word: Word;
  icon: IconName;
  tone?: "go" | "stop";
  /** An action of the integration, or what opens a form: `transfer` and `send_dtmf`. */
  action: string;
  data: Record<string, unknown>;
  /** The device of the phone whose part in the call is meant; without it the whole call. */
  device?: string;
}

export interface CallActions {
  first: CallAction[];
  rest: CallAction[];
}

/** Return the buttons of a call. */
export function actionsOf(account: Account, call: Call, me: Mine | undefined): CallActions {
  const can = (command: string): boolean => account.can.includes(command);
  const leg = myLeg(me, account, call);
  const device = leg ? me!.extension.device : undefined;
  const first: CallAction[] = [];
  const rest: CallAction[] = [];
  // A call that has moved on since it was looked at is not touched.
  const guard = (state: string): Record<string, unknown> => (device ? { expected_state: state } : { call_id: call.id, expected_state: state });
  const whole = { call_id: call.id, expected_state: call.state };
  if (call.state === "ringing" && call.direction !== "outgoing") {
    if (can("answer")) first.push({ word: "answer", icon: "phone", tone: "go", action: "answer", data: guard("ringing"), device });
    if (can("transfer_ringing")) rest.push({ word: "send_to", icon: "transfer", action: "transfer", data: whole });
    if (can("hangup") && device && leg!.state === "ringing") {
      first.push({ word: "reject", icon: "hangup", tone: "stop", action: "hangup", data: guard("ringing"), device });
      if (phonesOf(call).length > 1) rest.push({ word: "end_for_all", icon: "hangup", action: "hangup", data: whole });
      return { first, rest };
    }
  }
  if (call.state === "talking") {
    const hold = can("hold") ? "hold" : can("toggle_hold") ? "toggle_hold" : "";
    if (hold) first.push({ word: "hold", icon: "pause", action: hold, data: guard("talking"), device });
  }
  if (call.state === "on_hold") {
    const resume = can("unhold") ? "unhold" : can("toggle_hold") ? "toggle_hold" : "";
    if (resume) first.push({ word: "resume", icon: "play", action: resume, data: guard("on_hold"), device });
  }
  if (call.state === "talking" || call.state === "on_hold") {
    if (can("transfer")) first.push({ word: "transfer", icon: "transfer", action: "transfer", data: guard(call.state), device });
    if (can("send_dtmf")) rest.push({ word: "keypad", icon: "dialpad", action: "send_dtmf", data: guard(call.state), device });
  }
  if (can("hangup")) first.push({ word: "hang_up", icon: "hangup", tone: "stop", action: "hangup", data: whole });
  return { first, rest };
}

/** Perform a button of a call. */
export function perform(element: PbxElement, account: Account, action: CallAction, more: Record<string, unknown> = {}): Promise<boolean> {
  return element.act(account, action.action, { ...action.data, ...more }, action.device);
}
