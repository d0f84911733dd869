-- Contract: removes the shop, its orders and deposits. The ledger keeps the money.
drop table market.provider_event;
drop table market.deposit;
drop table market.order_line;
drop table market.shop_order;
drop table market.cart_line;
drop table market.wallet;
drop table market.product_price;
drop table market.product;
drop schema market;
