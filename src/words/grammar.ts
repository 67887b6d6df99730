/** How a language counts: the catalogues' own tool, so that none of them spells a rule of grammar out. */

type Form = Intl.LDMLPluralRule

export type Grammar<Forms extends Form> = {
  /** One of the forms that the language has, chosen for a count. */
  plural: (count: number, forms: Record<Forms | 'other', string>) => string
  number: (value: number) => string
}

/**
 * @typeParam Forms what CLDR says the language has beside `other`: a phrase that lacks one is a type error. The `many`
 *   of French and Spanish begins at a million, and nobody has written as many posts; `other` stands in for it.
 */
export function grammarOf<Forms extends Form = 'other'>(language: string): Grammar<Forms> {
  // Made when first asked: ICU takes longer to load than all catalogues.
  let rules: Intl.PluralRules | null = null
  let numbers: Intl.NumberFormat | null = null
  return {
    plural: (count, forms) => {
      rules ??= new Intl.PluralRules(language)
      return (forms as Partial<Record<Form, string>>)[rules.select(count)] ?? forms.other
    },
    number: (value) => {
      numbers ??= new Intl.NumberFormat(language)
      return numbers.format(value)
    },
  }
}
