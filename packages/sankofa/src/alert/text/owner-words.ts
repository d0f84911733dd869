import type { NamedAttempt } from '../settings.ts'

export const mostWords = 90
const longestPart = 60
/** What an owner should not have to know. */
const jargon = /\b(?:rollbacks?|roll(?:ed|ing)? back|deploy\w*|flags?|migrations?|error rates?)\b/i

export const usesJargon = (text: string): boolean => jargon.test(text)
export const wordCount = (text: string): number => text.split(/\s+/).filter((word) => word !== '').length

/** What is wrong with the words of one attempt, one line each. */
export function unfitWords(attempt: NamedAttempt): readonly string[] {
  return Object.entries(attempt.owner).flatMap(([part, text]) => {
    const path = `attempts.${attempt.name}.owner.${part}`
    if (text === '' || text.length > longestPart) {
      return [`${path}: found ${text.length} characters, expected 1 to ${longestPart}.`]
    }
    const found = jargon.exec(text)
    return found === null ? [] : [`${path}: found "${found[0]}", expected plain words for a product owner.`]
  })
}
