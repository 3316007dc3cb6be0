export { endOf, type Logged, type LoggedHttp, type Socket } from './logged.ts'
export { entriesPerJourney, longestS, simulate, type Traffic } from './second.ts'
