import { html, type TemplateResult } from "lit";
import {
  mdiAccountMultiple, mdiAccountOff, mdiAccountPlus, mdiArrowRight, mdiBackspaceOutline, mdiCheck, mdiClockOutline,
  mdiClose, mdiDialpad, mdiDotsVertical, mdiMinusCircle, mdiPause, mdiPhone, mdiPhoneCancel, mdiPhoneClassic,
  mdiPhoneForward, mdiPhoneHangup, mdiPhoneInTalk, mdiPhoneIncoming, mdiPhoneMissed, mdiPhoneOutgoing, mdiPhonePaused,
  mdiPhoneRing, mdiPlay, mdiSwapHorizontal, mdiVolumeOff,
} from "@mdi/js";

export const ICONS = {
  add: mdiAccountPlus,
  agents: mdiAccountMultiple,
  arrow: mdiArrowRight,
  away: mdiAccountOff,
  backspace: mdiBackspaceOutline,
  cancelled: mdiPhoneCancel,
  check: mdiCheck,
  clock: mdiClockOutline,
  close: mdiClose,
  dialing: mdiPhoneOutgoing,
  dialpad: mdiDialpad,
  dnd: mdiMinusCircle,
  hangup: mdiPhoneHangup,
  idle: mdiPhoneClassic,
  incoming: mdiPhoneIncoming,
  internal: mdiSwapHorizontal,
  missed: mdiPhoneMissed,
  more: mdiDotsVertical,
  on_hold: mdiPhonePaused,
  outgoing: mdiPhoneOutgoing,
  pause: mdiPause,
  phone: mdiPhone,
  play: mdiPlay,
  ringing: mdiPhoneRing,
  silence: mdiVolumeOff,
  talking: mdiPhoneInTalk,
  transfer: mdiPhoneForward,
} as const;

export type IconName = keyof typeof ICONS;

/** Draw the path of an icon that says nothing to a screen reader: the words are beside it. */
export const drawn = (path: string, more = ""): TemplateResult =>
  html`<svg class="icon ${more}" viewBox="0 0 24 24" aria-hidden="true"><path d=${path} /></svg>`;

/** Draw an icon that several elements have; those of one card come with the card. */
export const icon = (name: IconName, more = ""): TemplateResult => drawn(ICONS[name], more);
