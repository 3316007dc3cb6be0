export { type Format, formats, Output, type Style } from './output.ts'
export type { TableColumn } from './table.ts'
export { renderTable } from './table.ts'
export { bytes, cellText, duration, percent, plain, when } from './text.ts'
