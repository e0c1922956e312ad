import { html, svg, type TemplateResult } from "lit";
import {
  mdiAccountMultiple, mdiAccountOff, mdiAccountPlus, mdiArrowRight, mdiBackspaceOutline, mdiBellOff, mdiBellRing, mdiCheck,
  mdiChevronDown, mdiClockOutline, mdiClose, mdiCog, mdiContacts, mdiDelete, mdiDialpad, mdiDotsVertical, mdiFileImport, mdiFullscreen, mdiLogin, mdiLogout,
  mdiMagnify, mdiMinusCircle, mdiPause, mdiPencil, mdiPhone, mdiPhoneCancel, mdiPhoneClassic, mdiPhoneForward, mdiPhoneHangup,
  mdiPhoneInTalk, mdiPhoneIncoming, mdiPhoneMissed, mdiPhoneOutgoing, mdiPhonePaused, mdiPhoneRing, mdiPlay,
  mdiSwapHorizontal, mdiVoicemail, mdiVolumeOff,
} from "@mdi/js";

export const ICONS = {
  add: mdiAccountPlus,
  agents: mdiAccountMultiple,
  arrow: mdiArrowRight,
  away: mdiAccountOff,
  backspace: mdiBackspaceOutline,
  bell: mdiBellRing,
  bell_off: mdiBellOff,
  cancelled: mdiPhoneCancel,
  check: mdiCheck,
  clock: mdiClockOutline,
  close: mdiClose,
  cog: mdiCog,
  contacts: mdiContacts,
  delete: mdiDelete,
  dialing: mdiPhoneOutgoing,
  dialpad: mdiDialpad,
  dnd: mdiMinusCircle,
  down: mdiChevronDown,
  edit: mdiPencil,
  full: mdiFullscreen,
  hangup: mdiPhoneHangup,
  idle: mdiPhoneClassic,
  import: mdiFileImport,
  incoming: mdiPhoneIncoming,
  internal: mdiSwapHorizontal,
  log_in: mdiLogin,
  log_out: mdiLogout,
  missed: mdiPhoneMissed,
  more: mdiDotsVertical,
  on_hold: mdiPhonePaused,
  outgoing: mdiPhoneOutgoing,
  pause: mdiPause,
  phone: mdiPhone,
  play: mdiPlay,
  ringing: mdiPhoneRing,
  search: mdiMagnify,
  silence: mdiVolumeOff,
  talking: mdiPhoneInTalk,
  transfer: mdiPhoneForward,
  voicemail: mdiVoicemail,
} as const;

export type IconName = keyof typeof ICONS;

/** Draw an icon that says nothing to a screen reader: the words are beside it. */
export const icon = (name: IconName, more = ""): TemplateResult =>
  html`<svg class="icon ${more}" viewBox="0 0 24 24" aria-hidden="true">${svg`<path d=${ICONS[name]} />`}</svg>`;
