export * from './blocks.tsx'
export * from './states.tsx'
