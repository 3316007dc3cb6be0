export { squiggleOf } from './prepare-query.ts'
export { QueryBox } from './query-box.tsx'
