export * from './admission.ts'
export * from './models.ts'
export * from './permissions.ts'
export * from './report.ts'
