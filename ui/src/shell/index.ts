export { router } from './routes.tsx'
