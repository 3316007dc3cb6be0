export * from './blocks.tsx'
export * from './dialogs.tsx'
export { default as partClasses } from './parts.module.css'
export * from './states.tsx'
