// End one running statement
//
// :param id: text, required. The transaction's id, as `running` says.
// :returns id, message
TERMINATE TRANSACTIONS $id
YIELD transactionId, message
RETURN transactionId AS id, message
