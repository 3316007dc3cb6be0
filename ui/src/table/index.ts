export { DataTable, type DataTableProps } from './data-table.tsx'
export { type Cell, compareCells, type TableColumn, toCsv } from './prepare-table.ts'
export { save } from './table-tools.tsx'
