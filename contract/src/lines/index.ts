export { checkPrefix, formatHeader, formatLine, type LineFormat, type LineOptions, lineFormats, parseHeader, parseLine } from './lines.ts'
