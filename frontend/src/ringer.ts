// A quiet ring, made here: nothing to load. A browser plays it once the user has touched the page.
const PAUSE = 3000;
const TONES = [523.25, 659.25];

export class Ringer {
  private context?: AudioContext;
  private timer = 0;

  /** Ring, or stop ringing. */
  ring(on: boolean): void {
    if (on === Boolean(this.timer)) return;
    clearInterval(this.timer);
    this.timer = 0;
    if (!on) return;
    this.context ??= new AudioContext();
    void this.context.resume().catch(() => undefined);
    this.once();
    this.timer = window.setInterval(() => this.once(), PAUSE);
  }

  private once(): void {
    const context = this.context!;
    if (context.state !== "running") return;
    for (let index = 0; index < 8; index++) {
      const start = context.currentTime + index * 0.12;
      const oscillator = new OscillatorNode(context, { type: "sine", frequency: TONES[index % 2] });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(0.15, start + 0.02);
      volume.gain.linearRampToValueAtTime(0, start + 0.11);
      oscillator.connect(volume).connect(context.destination);
      oscillator.start(start);
      oscillator.stop(start + 0.12);
    }
  }
}
