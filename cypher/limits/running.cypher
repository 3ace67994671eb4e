// Which statement that runs now begins so?
//
// For the embedded database, which does not end a statement by itself when its time is over.
//
// :param beginning: text, required. What the statement's text begins with.
// :returns id
SHOW TRANSACTIONS
YIELD transactionId, currentQuery
WHERE currentQuery STARTS WITH $beginning
RETURN transactionId AS id
