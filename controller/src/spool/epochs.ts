/** Names epochs: milliseconds since 1970, and always above every epoch that was seen before, whatever the clock does. */
export class Epochs {
  private readonly now: () => number
  private last = 0

  constructor(now: () => number) {
    this.now = now
  }

  saw(epoch: number): void {
    this.last = Math.max(this.last, epoch)
  }

  next(): number {
    this.last = Math.max(this.now(), this.last + 1)
    return this.last
  }
}
