//! temp
use crate::*;
use model::{Record, Value};
impl Formula {
    /// x
    pub fn fields(&self) -> &FieldSet { &FieldSet::All }
}
/// x
#[derive(Clone, Copy)]
pub enum Escape { /** x */ None, /** x */ UrlPath, /** x */ UrlQuery, /** x */ Header, /** x */ Html, /** x */ Url, /** x */ Json }
/// x
#[derive(Clone)]
pub struct Template(String);
impl Template {
    /// x
    pub fn parse(t: &str) -> Result<Template, FormulaError> { Ok(Template(t.into())) }
    /// x
    pub fn fields(&self) -> &FieldSet { &FieldSet::All }
    /// x
    pub fn value(&self, _: &Record, _: &Roots) -> Result<Value, Fault> { Ok(Value::from(self.0.as_str())) }
    /// x
    pub fn render(&self, _: &Record, _: &Roots, _: Escape) -> Result<String, Fault> { Ok(self.0.clone()) }
}
