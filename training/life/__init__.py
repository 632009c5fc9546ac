"""How the life model is learnt and judged: public cycling sets, folds by protocol and by data set."""
