import { diesel } from './diesel.ts'
import type { Format } from './format.ts'
import { prisma } from './prisma.ts'
import { sankofa } from './sankofa.ts'

/** Every tool whose folders are read as they are. */
export const formats: readonly Format[] = [sankofa, prisma, diesel]
