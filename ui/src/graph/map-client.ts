import { type ErrorCode, errorCatalogue, PanoptesError } from '@panoptes/contract'
import type { About, Answer, Picture, Question, Rows } from './protocol.ts'

type Asked<K extends Question['kind']> = Omit<Extract<Question, { kind: K }>, 'seq' | 'kind'>

/** The page's side of the map's worker: questions as promises. Close it with the page. */
export class MapClient {
  private readonly worker = new Worker(new URL('./map.worker.ts', import.meta.url), { type: 'module', name: 'map' })
  private readonly waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>()
  private seq = 0

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      const one = this.waiting.get(data.seq)
      this.waiting.delete(data.seq)
      if (!one) return
      if (!('error' in data)) return one.resolve(data)
      const { code, detail } = data.error
      one.reject(errorCatalogue.has(code as ErrorCode) ? new PanoptesError(code as ErrorCode, detail) : new Error(detail))
    }
  }

  private ask<K extends Question['kind']>(kind: K, asked: Asked<K>): Promise<Answer> {
    const seq = ++this.seq
    return new Promise((resolve, reject) => {
      this.waiting.set(seq, { resolve, reject })
      this.worker.postMessage({ kind, seq, ...asked })
    })
  }

  async picture(asked: Asked<'picture'>): Promise<Picture> {
    return ((await this.ask('picture', asked)) as { picture: Picture }).picture
  }

  async about(asked: Asked<'about'>): Promise<About> {
    return ((await this.ask('about', asked)) as { about: About }).about
  }

  async rows(): Promise<Rows> {
    return ((await this.ask('rows', {})) as { rows: Rows }).rows
  }

  async find(asked: Asked<'find'>): Promise<{ nodes: string[]; edges: string[] }> {
    return ((await this.ask('find', asked)) as { found: { nodes: string[]; edges: string[] } }).found
  }

  close(): void {
    this.worker.terminate()
  }
}
