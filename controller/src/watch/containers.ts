import type { ContainerKind, ContainerState, Owner, PickedContainer, PickedPod } from './pick.ts'
import type { ChangeEvent } from './view.ts'

/** One run of a container, from its start to its end: a restart begins another. */
export interface ContainerLife {
  podUid: string
  namespace: string
  pod: string
  node?: string
  serviceAccount?: string
  owner?: Owner
  container: string
  kind: ContainerKind
  /** How many runs of this container in this pod came before. */
  ordinal: number
  /** As the runtime names it, with its scheme; `unknown:` and pod, container and ordinal where it was never told. */
  containerId: string
  image: string
  /** sha256:… of the image's manifest that really ran; absent where the runtime told none. */
  imageDigest?: string
  /** ISO 8601, to the second: as the kubelet tells it. */
  startedAt?: string
  endedAt?: string
  exitCode?: number
  signal?: number
  reason?: string
}

/** How the end of a life was known: told by the kubelet, or inferred (then there is no exit code and no time). */
export type EndEvidence = 'told' | 'replaced' | 'pod-ended' | 'pod-gone'

export type ContainerTransition =
  /** It is not running, and Kubernetes says why; told once for each reason. `life` names no run, for there is none. */
  | { type: 'waiting'; life: ContainerLife; at: number; relisted: boolean }
  | { type: 'started'; life: ContainerLife; at: number; relisted: boolean }
  | { type: 'ended'; life: ContainerLife; at: number; relisted: boolean; evidence: EndEvidence }
  /** The restart count went up by more than was seen: so many lives began and ended unseen before `at`. */
  | { type: 'unseen'; podUid: string; namespace: string; pod: string; container: string; count: number; at: number; relisted: boolean }

export interface ContainerTrack {
  life?: ContainerLife
  ended: boolean
  /** The life before `life`, which a status may go on telling of. */
  previousId?: string
  /** Lives told or said to be unseen. */
  lives: number
  /** The reason that was told last for its not running. */
  waiting?: string
}

/** What has been told of the containers of one pod; give it back with the pod's next event. */
export type PodLives = ReadonlyMap<string, ContainerTrack>

/**
 * What an event of a pod says about the lives of its containers: each start and each end once, in order. Pure: `state` is not changed.
 * Gives no state after a deletion, for nothing more can come of that pod.
 */
export function foldPod(state: PodLives | undefined, event: ChangeEvent<PickedPod>): { state: PodLives | undefined; transitions: ContainerTransition[] } {
  const next = new Map([...(state ?? [])].map(([name, track]) => [name, { ...track }] as const))
  const fold = new Fold(event)
  for (const container of event.object.containers) {
    const track = next.get(container.name) ?? { ended: false, lives: 0 }
    next.set(container.name, track)
    fold.container(track, container)
  }
  if (event.type === 'deleted') for (const track of next.values()) fold.end(track, 'pod-gone')
  return { state: event.type === 'deleted' ? undefined : next, transitions: fold.transitions }
}

class Fold {
  readonly transitions: ContainerTransition[] = []
  private readonly pod: PickedPod
  private readonly about: { at: number; relisted: boolean }

  constructor({ object, at, relisted }: ChangeEvent<PickedPod>) {
    this.pod = object
    this.about = { at, relisted }
  }

  container(track: ContainerTrack, container: PickedContainer): void {
    const { state, lastState, restartCount } = container
    const begun = state !== undefined && state.phase !== 'waiting'
    // A container that waits to be started again still counts its last run as the newest.
    if (lastState?.phase === 'terminated') this.observe(track, container, lastState, Math.max(0, begun ? restartCount - 1 : restartCount), !begun)
    if (begun) this.observe(track, container, state, restartCount, true)
    else {
      if (lastState?.phase !== 'terminated') this.unseen(track, container.name, restartCount)
      if (track.life && state?.phase === 'waiting') this.end(track, 'replaced')
      if (state?.reason && state.reason !== track.waiting) this.wait(track, container, state.reason)
    }
    if (begun) delete track.waiting
    const over = this.pod.phase === 'Succeeded' || this.pod.phase === 'Failed'
    if (over && state?.phase !== 'running') this.end(track, 'pod-ended')
  }

  private observe(track: ContainerTrack, container: PickedContainer, state: ContainerState, ordinal: number, newest: boolean): void {
    const containerId = state.containerId ?? this.idOf(track, state) ?? `unknown:${this.pod.uid}/${container.name}/${ordinal}`
    if (containerId === track.previousId) return
    if (containerId !== track.life?.containerId) {
      this.end(track, 'replaced')
      this.unseen(track, container.name, ordinal)
      // The status tells one image: that of the newest life; an image can be changed in a pod that runs.
      const digest = newest ? /@(sha256:[0-9a-f]{64})$/.exec(container.imageId)?.[1] : undefined
      track.previousId = track.life?.containerId
      track.ended = false
      track.lives = Math.max(track.lives, ordinal) + 1
      track.life = {
        ...this.named(container),
        ordinal,
        containerId,
        ...(digest ? { imageDigest: digest } : {}),
        ...(state.startedAt ? { startedAt: state.startedAt } : {}),
      }
      this.transitions.push({ type: 'started', life: track.life, ...this.about })
    }
    if (state.phase === 'terminated') this.end(track, 'told', state)
  }

  /** A kubelet that lost a container says that one ended, and not which: it can only be the one that ran. */
  private idOf(track: ContainerTrack, state: ContainerState): string | undefined {
    return state.phase === 'terminated' && !track.ended ? track.life?.containerId : undefined
  }

  /** Notes the end of the life that is still open, if one is. */
  end(track: ContainerTrack, evidence: EndEvidence, state?: ContainerState): void {
    if (!track.life || track.ended) return
    track.ended = true
    track.life = {
      ...track.life,
      ...(state?.finishedAt ? { endedAt: state.finishedAt } : {}),
      ...(state?.exitCode !== undefined ? { exitCode: state.exitCode } : {}),
      ...(state?.signal ? { signal: state.signal } : {}),
      ...(state?.reason ? { reason: state.reason } : {}),
    }
    this.transitions.push({ type: 'ended', life: track.life, evidence, ...this.about })
  }

  /** So many lives must have been before now; says how many of them nobody saw. */
  private unseen(track: ContainerTrack, container: string, livesBefore: number): void {
    const count = livesBefore - track.lives
    if (count <= 0) return
    track.lives = livesBefore
    const { podUid, namespace, pod } = this.identity()
    this.transitions.push({ type: 'unseen', podUid, namespace, pod, container, count, ...this.about })
  }

  private wait(track: ContainerTrack, container: PickedContainer, reason: string): void {
    track.waiting = reason
    this.transitions.push({ type: 'waiting', life: { ...this.named(container), ordinal: container.restartCount, containerId: '', reason }, ...this.about })
  }

  private named({ name, kind, image }: PickedContainer) {
    return { ...this.identity(), container: name, kind, image }
  }

  private identity() {
    const { uid, namespace = '', name, node, serviceAccount, owner } = this.pod
    return {
      podUid: uid,
      namespace,
      pod: name,
      ...(node ? { node } : {}),
      ...(serviceAccount ? { serviceAccount } : {}),
      ...(owner ? { owner } : {}),
    }
  }
}
