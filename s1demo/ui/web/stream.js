// The page's end of streaming.py: numbered messages of operations, repeated in full when one was lost, silence noticed.

const SILENCE_SECONDS = 8; // the server sends a heartbeat every 0.4 s

// A stream calls what it was given:
//   operations: {name: function} for the operations of a message
//   begin(): a run's first message has come; clear(): forget all that is shown; show(): a message has been carried out
//   lost(): nothing has come for too long; resync(): ask the server to repeat the run in full
export class Stream {
  constructor(handlers) {
    Object.assign(this, { handlers, run: 0, n: 0, lost: false, heard: 0, moved: 0, running: false }); // moved: when something last happened
    setInterval(() => this.checkSilence(), 1000);
  }

  receive(message) {
    if (!message || message.run < this.run) return;
    if (message.run > this.run) Object.assign(this, { run: message.run, n: 0, lost: false });
    if (!message.full) {
      if (this.lost || message.n <= this.n) return;
      if (message.n !== this.n + 1) {
        this.lost = true;
        return this.handlers.resync();
      }
    }
    if (message.n === 1) {
      this.running = true;
      this.handlers.begin();
    }
    if (message.full) this.handlers.clear();
    Object.assign(this, { n: message.n, lost: false, heard: Date.now() });
    const ops = JSON.parse(message.ops);
    if (ops.length || message.n === 1) this.moved = this.heard;
    for (const [kind, ...rest] of ops) {
      if (kind === "done") this.running = false;
      this.handlers.operations[kind](...rest);
    }
    this.handlers.show();
  }

  checkSilence() {
    if (!this.running || this.lost || Date.now() - this.heard < 1000 * SILENCE_SECONDS) return;
    this.running = false;
    this.handlers.lost();
  }
}
