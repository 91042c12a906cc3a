package reply

import "regexp"

// refusal is the first line of an answer, folded, that declines: it says that
// the model can't or won't, at once or after an apology or what the model is.
// That it speaks of itself tells it from associates of an apology.
var refusal = regexp.MustCompile(`^(?:` +
	`(?:(?:(?:i'm|i am|we're|we are) )?(?:(?:very|so|truly) )?sorry|i apologi[sz]e|unfortunately|as an? [a-z ]*(?:ai|model|assistant))` +
	`\b[,.!]?(?: but| that)?,? (?:i|we)\b[^\n]*\b(?:can't|cannot|can not|won't|unable|not able|not comfortable|not appropriate)\b` +
	`|i(?:'m| am)? (?:can't|cannot|can not|won't|will not|unable to|not able to)` +
	` (?:help|assist|provide|answer|do|fulfil|comply|respond|give|list|generate|engage|participate|create|continue|complete)\b` +
	`|(?:我)?(?:非常|很|深感|十分|真的)?(?:抱歉|对不起|遗憾|不好意思)[^\n]*我(?:无法|不能|不会|不适合|没办法)` +
	`|(?:作为[^\n]{0,20})?我(?:无法|不能|不会)(?:直接)?(?:提供|回答|给出|参与|进行|帮|创建|生成|列|说|完成)` +
	`)`)

// declines says whether an answer, folded and without thoughts, begins with a
// refusal.
func declines(text string) bool { return refusal.MatchString(text) }
