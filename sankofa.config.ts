export { config } from './apps/market/sankofa.config.ts'
